# Who the function is, and what it may do: a role on a queue, a container or a secret where Azure has one.

resource "azurerm_user_assigned_identity" "function" {
  count = var.identity.existing_id == null ? 1 : 0

  name                = var.name
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

data "azurerm_user_assigned_identity" "function" {
  count = var.identity.existing_id == null ? 0 : 1

  name                = reverse(split("/", var.identity.existing_id))[0]
  resource_group_name = split("/", var.identity.existing_id)[4]
}

locals {
  identity = one(concat(azurerm_user_assigned_identity.function, data.azurerm_user_assigned_identity.function))
}

locals {
  secret_reader = { role = "Key Vault Secrets User", says = "reads the sources' secrets" }

  roles = merge(
    {
      # The host makes containers for its leases and keys, so that it needs the account; nothing else is in there.
      host = {
        scope = azurerm_storage_account.host.id
        role  = "Storage Blob Data Owner"
        says  = "the Functions host's leases, keys and package"
      }
      telemetry = {
        scope = azurerm_application_insights.function.id
        role  = "Monitoring Metrics Publisher"
        says  = "writes logs"
      }
    },
    {
      for queue in azurerm_storage_queue.queue : "queue/${queue.name}" => {
        scope = "${azurerm_storage_account.host.id}/queueServices/default/queues/${queue.name}"
        role  = "Storage Queue Data Contributor"
        says  = "takes and puts work items"
      }
    },
    local.onelake != null ? {} : {
      bronze = {
        scope = "${local.lake_id}/blobServices/default/containers/${local.has_container ? azurerm_storage_container.bronze[0].name : var.bronze.container}"
        role  = "Storage Blob Data Contributor"
        says  = "writes bronze"
      }
    },
    local.has_tables_container ? {
      tables = {
        scope = "${local.lake_id}/blobServices/default/containers/${local.has_container ? azurerm_storage_container.tables[0].name : local.tables_container}"
        role  = "Storage Blob Data Contributor"
        says  = "writes tables"
      }
    } : {},
    local.sources_place == null ? {} : {
      sources = {
        scope = "${local.sources_place.account_id}/blobServices/default/containers/${local.sources_place.container}"
        role  = "Storage Blob Data Reader"
        says  = "reads source files"
      }
    },
    # The new vault holds the sources' secrets only; an existing one may hold others.
    local.is_new_vault ? { secrets = merge(local.secret_reader, { scope = local.vault_id }) } : {
      for name in local.secrets : "secret/${name}" => merge(local.secret_reader, { scope = "${local.vault_id}/secrets/${name}" })
    },
    {
      for name in local.rotating_secrets : "rotated/${name}" => {
        scope = "${local.vault_id}/secrets/${name}"
        role  = "Key Vault Secrets Officer"
        says  = "writes a rotated refresh token back"
      }
    },
  )
}

resource "azurerm_role_assignment" "function" {
  for_each = local.roles

  scope                            = each.value.scope
  role_definition_name             = each.value.role
  description                      = "bronzegate: ${each.value.says}"
  principal_id                     = local.identity.principal_id
  principal_type                   = "ServicePrincipal"
  skip_service_principal_aad_check = true
}
