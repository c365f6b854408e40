locals {
  onelake       = var.bronze.onelake
  is_new_lake   = local.onelake == null && var.bronze.existing_account_id == null
  lake_name     = local.onelake != null ? null : var.bronze.existing_account_id != null ? reverse(split("/", var.bronze.existing_account_id))[0] : coalesce(var.bronze.account, "${local.account_prefix}lake")
  lake_id       = local.is_new_lake ? azurerm_storage_account.bronze[0].id : var.bronze.existing_account_id
  has_container = local.onelake == null && (local.is_new_lake || var.bronze.create_container)

  root = local.onelake == null ? "abfss://${var.bronze.container}@${local.lake_name}.dfs.core.windows.net" : "abfss://${local.onelake.workspace}@onelake.dfs.fabric.microsoft.com/${local.onelake.lakehouse}/Files"
  # An empty folder leaves no slash behind.
  target = join("/", compact([local.root, local.onelake == null ? var.bronze.folder : local.onelake.folder]))
}

resource "azurerm_storage_account" "bronze" {
  #checkov:skip=CKV_AZURE_59: reached from the private network only where network is set
  #checkov:skip=CKV_AZURE_33: the account has no queues
  #checkov:skip=CKV_AZURE_206: storage_replication is the owner's choice; the data can be ingested again
  #checkov:skip=CKV2_AZURE_1: encrypted with customer_managed_key where it is given
  #checkov:skip=CKV2_AZURE_33: private endpoints where network is set
  #checkov:skip=CKV_AZURE_43: the name is lower-case letters and digits, 24 at most; checkov does not work it out
  count = local.is_new_lake ? 1 : 0

  name                              = local.lake_name
  resource_group_name               = var.resource_group_name
  location                          = var.location
  account_tier                      = "Standard"
  account_kind                      = "StorageV2"
  account_replication_type          = var.storage_replication
  is_hns_enabled                    = true
  min_tls_version                   = "TLS1_2"
  https_traffic_only_enabled        = true
  shared_access_key_enabled         = false
  default_to_oauth_authentication   = true
  local_user_enabled                = false
  allow_nested_items_to_be_public   = false
  cross_tenant_replication_enabled  = false
  infrastructure_encryption_enabled = true
  public_network_access_enabled     = var.network == null
  tags                              = var.tags

  network_rules {
    default_action = var.network == null ? "Allow" : "Deny"
    bypass         = ["AzureServices"]
  }

  dynamic "identity" {
    for_each = var.customer_managed_key == null ? [] : [var.customer_managed_key]

    content {
      type         = "UserAssigned"
      identity_ids = [identity.value.user_assigned_identity_id]
    }
  }
  dynamic "customer_managed_key" {
    for_each = var.customer_managed_key == null ? [] : [var.customer_managed_key]

    content {
      key_vault_key_id          = customer_managed_key.value.key_vault_key_id
      user_assigned_identity_id = customer_managed_key.value.user_assigned_identity_id
    }
  }

  dynamic "blob_properties" {
    for_each = var.bronze.restore_days == null ? [] : [var.bronze.restore_days]

    content {
      delete_retention_policy {
        days = blob_properties.value
      }
      container_delete_retention_policy {
        days = blob_properties.value
      }
    }
  }

  # It may hold the only copy, and `restore_days` brings back no account.
  lifecycle {
    prevent_destroy = true
  }
}

# No lifecycle rule for what a killed run staged: Azure removes uncommitted blocks a week after the last one.
resource "azurerm_storage_container" "bronze" {
  #checkov:skip=CKV2_AZURE_21: who reads bronze is the owner's to log; a diagnostic setting of the account does it
  count = local.has_container ? 1 : 0

  name                  = var.bronze.container
  storage_account_id    = local.lake_id
  container_access_type = "private"

  lifecycle {
    prevent_destroy = true
  }
}
