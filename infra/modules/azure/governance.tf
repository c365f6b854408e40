# What a platform adds to resources: locks, roles for others, diagnostic settings. Shapes are those of Azure Verified
# Modules.

locals {
  # Those that the module creates.
  locked = merge(
    { host = azurerm_storage_account.host.id },
    local.is_new_lake ? { bronze = local.lake_id } : {},
    local.is_new_vault ? { vault = local.vault_id } : {},
  )

  role_scopes = {
    bronze = local.onelake != null ? [] : ["${local.lake_id}/blobServices/default/containers/${local.has_container ? azurerm_storage_container.bronze[0].name : var.bronze.container}"]
    vault  = [local.vault_id]
    queues = [for queue in azurerm_storage_queue.queue : "${azurerm_storage_account.host.id}/queueServices/default/queues/${queue.name}"]
    app    = [local.app.id]
  }
  given_roles = merge([
    for key, given in var.role_assignments : {
      for number, scope in local.role_scopes[given.on] : length(local.role_scopes[given.on]) == 1 ? key : "${key}/${number}" => merge(given, { scope = scope })
    }
  ]...)

  diagnosed = {
    bronze = local.is_new_lake ? { bronze = "${local.lake_id}/blobServices/default" } : {}
    host   = { host-blob = "${azurerm_storage_account.host.id}/blobServices/default", host-queue = "${azurerm_storage_account.host.id}/queueServices/default" }
    vault  = local.is_new_vault ? { vault = local.vault_id } : {}
    app    = { app = local.app.id }
  }
  diagnostics = merge(flatten([
    for key, given in var.diagnostic_settings : [
      for target in given.on : { for name, id in local.diagnosed[target] : "${name}/${key}" => merge(given, { target = id, name = coalesce(given.name, key) }) }
    ]
  ])...)
}

resource "azurerm_management_lock" "resource" {
  for_each = var.lock == null ? {} : local.locked

  name       = coalesce(var.lock.name, "${var.name}-${each.key}")
  scope      = each.value
  lock_level = var.lock.kind
  notes      = var.lock.kind == "CanNotDelete" ? "Cannot be deleted." : "Cannot be changed or deleted."

  # A read-only account takes no containers, queues or roles.
  depends_on = [azurerm_role_assignment.function, azurerm_role_assignment.given, azurerm_private_endpoint.resource, azurerm_storage_container.bronze, azurerm_storage_container.tables, azurerm_monitor_diagnostic_setting.given]
}

resource "azurerm_role_assignment" "given" {
  for_each = local.given_roles

  scope                                  = each.value.scope
  role_definition_id                     = strcontains(lower(each.value.role_definition_id_or_name), "/providers/microsoft.authorization/roledefinitions/") ? each.value.role_definition_id_or_name : null
  role_definition_name                   = strcontains(lower(each.value.role_definition_id_or_name), "/providers/microsoft.authorization/roledefinitions/") ? null : each.value.role_definition_id_or_name
  principal_id                           = each.value.principal_id
  principal_type                         = each.value.principal_type
  description                            = each.value.description
  skip_service_principal_aad_check       = each.value.skip_service_principal_aad_check
  condition                              = each.value.condition
  condition_version                      = each.value.condition_version
  delegated_managed_identity_resource_id = each.value.delegated_managed_identity_resource_id
}

resource "azurerm_monitor_diagnostic_setting" "given" {
  for_each = local.diagnostics

  name                           = each.value.name
  target_resource_id             = each.value.target
  log_analytics_workspace_id     = each.value.workspace_resource_id
  log_analytics_destination_type = each.value.log_analytics_destination_type
  storage_account_id             = each.value.storage_account_resource_id
  eventhub_authorization_rule_id = each.value.event_hub_authorization_rule_resource_id
  eventhub_name                  = each.value.event_hub_name

  dynamic "enabled_log" {
    for_each = each.value.log_groups

    content {
      category_group = enabled_log.value
    }
  }
  dynamic "enabled_log" {
    for_each = each.value.log_categories

    content {
      category = enabled_log.value
    }
  }
  dynamic "enabled_metric" {
    for_each = each.value.metric_categories

    content {
      category = enabled_metric.value
    }
  }
}
