data "azurerm_client_config" "current" {}

locals {
  tenant_id = data.azurerm_client_config.current.tenant_id

  # Names of accounts, vaults and apps are unique in the whole of Azure: the digest tells deployments apart.
  digest      = substr(sha256("${data.azurerm_client_config.current.subscription_id}/${var.resource_group_name}/${var.name}"), 0, 8)
  unique_name = "${var.name}-${local.digest}"
  # Accounts have 24 characters, without hyphens; vaults have 24.
  account_prefix = "${substr(replace(var.name, "-", ""), 0, 12)}${local.digest}"
  vault_name     = coalesce(var.key_vault.name, "${trimsuffix(substr(var.name, 0, 15), "-")}-${local.digest}")
}
