# What a plan cannot know before Azure has answered.

mock_data "azurerm_client_config" {
  defaults = {
    subscription_id = "00000000-0000-0000-0000-000000000001"
    tenant_id       = "00000000-0000-0000-0000-000000000002"
  }
}
mock_resource "azurerm_storage_account" {
  defaults = { id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/made" }
}
mock_resource "azurerm_key_vault" {
  defaults = { id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/made" }
}
mock_resource "azurerm_user_assigned_identity" {
  defaults = {
    id           = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/bronzegate"
    client_id    = "00000000-0000-0000-0000-00000000000c"
    principal_id = "00000000-0000-0000-0000-00000000000d"
  }
}
mock_resource "azurerm_application_insights" {
  defaults = {
    id                = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/components/bronzegate"
    connection_string = "InstrumentationKey=00000000-0000-0000-0000-0000000000ff"
  }
}
mock_resource "azurerm_log_analytics_workspace" {
  defaults = { id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/bronzegate" }
}
mock_resource "azurerm_monitor_action_group" {
  defaults = { id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/actionGroups/bronzegate-alerts" }
}
mock_data "azurerm_user_assigned_identity" {
  defaults = {
    id           = "/subscriptions/s/resourceGroups/ids/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader"
    client_id    = "00000000-0000-0000-0000-00000000001c"
    principal_id = "00000000-0000-0000-0000-00000000001d"
  }
}
mock_resource "azurerm_function_app_flex_consumption" {
  defaults = { id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/made" }
}
