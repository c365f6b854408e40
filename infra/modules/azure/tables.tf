# Tables, for streams with `output.table`: Delta below a folder of ADLS or a lakehouse's Tables, or a schema of Databricks.

locals {
  table_names = module.sources.tables
  has_tables  = var.tables != null
  has_schema  = try(var.databricks.schema, null) != null

  tables_onelake   = local.has_tables ? try(coalesce(var.tables.onelake, local.onelake == null ? null : { workspace = local.onelake.workspace, lakehouse = local.onelake.lakehouse, schema = null }), null) : null
  tables_container = local.has_tables ? try(coalesce(var.tables.container, var.bronze.container), null) : null
  # In the bronze container the function has its role already.
  has_tables_container = local.has_tables && local.tables_onelake == null && local.tables_container != var.bronze.container

  tables_root = !local.has_tables ? null : (
    local.tables_onelake != null
    ? join("/", compact(["abfss://${local.tables_onelake.workspace}@onelake.dfs.fabric.microsoft.com/${local.tables_onelake.lakehouse}/Tables", local.tables_onelake.schema]))
    : join("/", compact(["abfss://${local.tables_container}@${coalesce(local.lake_name, "none")}.dfs.core.windows.net", var.tables.folder]))
  )

  table_settings = merge(
    local.has_tables ? { BRONZEGATE_TABLES = local.tables_root } : {},
    local.has_schema ? { BRONZEGATE_TABLES = "databricks:${var.databricks.schema}", DATABRICKS_WAREHOUSE_ID = var.databricks.warehouse_id } : {},
    try(var.databricks.files, null) == null ? {} : { BRONZEGATE_DATABRICKS_FILES = var.databricks.files },
    # No secret: Azure Databricks takes the function's own identity.
    var.databricks == null ? {} : { DATABRICKS_HOST = var.databricks.host, DATABRICKS_AUTH_TYPE = "azure-msi" },
  )

  # Whom people let in by hand: Fabric has no role in Azure.
  granted_lakes = toset(compact([try(local.onelake.workspace, null), try(local.tables_onelake.workspace, null)]))
}

# As on the bronze container: Azure removes what a killed run staged a week after the last block.
resource "azurerm_storage_container" "tables" {
  #checkov:skip=CKV2_AZURE_21: who reads tables is the owner's to log; a diagnostic setting of the account does it
  count = local.has_tables_container && local.has_container ? 1 : 0

  name                  = local.tables_container
  storage_account_id    = local.lake_id
  container_access_type = "private"

  lifecycle {
    prevent_destroy = true
  }
}

check "every_table_has_a_place" {
  assert {
    condition     = length(local.table_names) == 0 || local.has_tables || local.has_schema
    error_message = "streams write tables (${join(", ", local.table_names)}), but neither tables nor databricks.schema is set: their runs will fail."
  }
}
