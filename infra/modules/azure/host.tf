# The storage account of the Functions host: its leases and keys, the two queues, and the package.

resource "azurerm_storage_account" "host" {
  #checkov:skip=CKV_AZURE_59: reached from the private network only where network is set
  #checkov:skip=CKV_AZURE_33: its requests are the host's and the handler's own, and those are logged
  #checkov:skip=CKV_AZURE_206: storage_replication is the owner's choice; the data can be ingested again
  #checkov:skip=CKV2_AZURE_1: encrypted with customer_managed_key where it is given
  #checkov:skip=CKV2_AZURE_33: private endpoints where network is set
  #checkov:skip=CKV2_AZURE_38: holds leases and messages, which nobody restores
  #checkov:skip=CKV_AZURE_43: the name is lower-case letters and digits, 24 at most; checkov does not work it out
  name                              = "${local.account_prefix}host"
  resource_group_name               = var.resource_group_name
  location                          = var.location
  account_tier                      = "Standard"
  account_kind                      = "StorageV2"
  account_replication_type          = var.storage_replication
  min_tls_version                   = "TLS1_2"
  https_traffic_only_enabled        = true
  shared_access_key_enabled         = false
  default_to_oauth_authentication   = true
  local_user_enabled                = false
  allow_nested_items_to_be_public   = false
  cross_tenant_replication_enabled  = false
  infrastructure_encryption_enabled = true
  public_network_access_enabled     = var.network == null
  # A key of one's own covers queues only where they are made for it, and that cannot be changed later.
  queue_encryption_key_type = var.customer_managed_key == null ? "Service" : "Account"
  tags                      = var.tags

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
}

resource "azurerm_storage_queue" "queue" {
  # The host makes a poison queue itself when it first needs one; made here, it needs no right to.
  for_each = { work = var.queue, poison = "${var.queue}-poison" }

  name               = each.value
  storage_account_id = azurerm_storage_account.host.id
}

resource "azurerm_storage_container" "package" {
  #checkov:skip=CKV2_AZURE_21: reads of the package are the platform's own
  name                  = "packages"
  storage_account_id    = azurerm_storage_account.host.id
  container_access_type = "private"
}

# Named by its content: another package is another address, which restarts the app. Flex Consumption looks for one name.
resource "azurerm_storage_blob" "package" {
  count = local.is_flex && !local.is_azapi ? 0 : 1

  name                   = local.is_azapi ? "released-package.zip" : "${filesha256(var.package)}.zip"
  content_md5            = local.is_azapi ? filemd5(var.package) : null
  storage_account_name   = azurerm_storage_account.host.name
  storage_container_name = azurerm_storage_container.package.name
  type                   = "Block"
  content_type           = "application/zip"
  source                 = var.package

  depends_on = [azurerm_private_endpoint.resource]
}
