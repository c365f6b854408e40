# The vault without a secret in it: a value set here would be in the state, and Key Vault has no secret without one.
# The output `secret_commands` says how each is put in.

locals {
  is_new_vault = var.key_vault.existing_id == null
  vault_id     = local.is_new_vault ? azurerm_key_vault.sources[0].id : var.key_vault.existing_id
  vault        = local.is_new_vault ? local.vault_name : reverse(split("/", var.key_vault.existing_id))[0]
}

resource "azurerm_key_vault" "sources" {
  #checkov:skip=CKV_AZURE_189: reached from the private network only where network is set
  #checkov:skip=CKV_AZURE_42: purge protection unless key_vault.purge_protection is off, for trials
  #checkov:skip=CKV_AZURE_110: purge protection unless key_vault.purge_protection is off, for trials
  #checkov:skip=CKV2_AZURE_32: a private endpoint where network is set
  count = local.is_new_vault ? 1 : 0

  name                          = local.vault_name
  resource_group_name           = var.resource_group_name
  location                      = var.location
  tenant_id                     = local.tenant_id
  sku_name                      = "standard"
  rbac_authorization_enabled    = true
  purge_protection_enabled      = var.key_vault.purge_protection
  soft_delete_retention_days    = var.key_vault.restore_days
  public_network_access_enabled = var.network == null
  tags                          = var.tags

  network_acls {
    default_action = var.network == null ? "Allow" : "Deny"
    bypass         = "AzureServices"
  }
}

resource "azurerm_monitor_diagnostic_setting" "vault" {
  count = local.is_new_vault ? 1 : 0

  name                       = var.name
  target_resource_id         = azurerm_key_vault.sources[0].id
  log_analytics_workspace_id = local.workspace_id

  enabled_log {
    category_group = "audit"
  }
}
