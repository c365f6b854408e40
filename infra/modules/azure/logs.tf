locals {
  workspace_id    = var.logs.workspace_id == null ? azurerm_log_analytics_workspace.logs[0].id : var.logs.workspace_id
  action_group_id = var.action_group_id == null ? azurerm_monitor_action_group.alerts[0].id : var.action_group_id
}

resource "azurerm_log_analytics_workspace" "logs" {
  count = var.logs.workspace_id == null ? 1 : 0

  name                         = var.name
  resource_group_name          = var.resource_group_name
  location                     = var.location
  sku                          = "PerGB2018"
  retention_in_days            = var.logs.retention_days
  local_authentication_enabled = false
  tags                         = var.tags
}

resource "azurerm_application_insights" "function" {
  name                          = var.name
  resource_group_name           = var.resource_group_name
  location                      = var.location
  workspace_id                  = local.workspace_id
  application_type              = "web"
  sampling_percentage           = 100
  local_authentication_disabled = true
  tags                          = var.tags
}

resource "azurerm_monitor_action_group" "alerts" {
  count = var.action_group_id == null ? 1 : 0

  name                = "${var.name}-alerts"
  resource_group_name = var.resource_group_name
  short_name          = substr(replace(var.name, "-", ""), 0, 12)
  tags                = var.tags

  dynamic "email_receiver" {
    for_each = var.alert_emails

    content {
      name                    = email_receiver.value
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }
}

check "alerts_reach_somebody" {
  assert {
    condition     = var.action_group_id != null || length(var.alert_emails) > 0
    error_message = "alerts reach nobody: set alert_emails or action_group_id, or add a receiver to the action group ${var.name}-alerts"
  }
}
