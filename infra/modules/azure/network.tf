# Private endpoints of what the module creates, where there is a private network.

locals {
  endpoints = var.network == null ? {} : merge(
    {
      host-blob  = { resource_id = azurerm_storage_account.host.id, subresource = "blob", zone = var.network.dns_zone_ids.blob }
      host-queue = { resource_id = azurerm_storage_account.host.id, subresource = "queue", zone = var.network.dns_zone_ids.queue }
    },
    # The function writes through the Blob endpoint; dfs is for those who read.
    local.is_new_lake ? {
      bronze-blob = { resource_id = local.lake_id, subresource = "blob", zone = var.network.dns_zone_ids.blob }
      bronze-dfs  = { resource_id = local.lake_id, subresource = "dfs", zone = var.network.dns_zone_ids.dfs }
    } : {},
    local.is_new_vault ? {
      vault = { resource_id = local.vault_id, subresource = "vault", zone = var.network.dns_zone_ids.vault }
    } : {},
  )
  app_endpoint = var.network == null ? {} : var.network.public_app ? {} : { app = var.network.dns_zone_ids.sites }
}

resource "azurerm_private_endpoint" "resource" {
  for_each = local.endpoints

  name                = "${var.name}-${each.key}"
  resource_group_name = var.resource_group_name
  location            = var.location
  subnet_id           = var.network.endpoint_subnet_id
  tags                = var.tags

  private_service_connection {
    name                           = each.key
    private_connection_resource_id = each.value.resource_id
    subresource_names              = [each.value.subresource]
    is_manual_connection           = false
  }

  dynamic "private_dns_zone_group" {
    for_each = each.value.zone == null ? [] : [each.value.zone]

    content {
      name                 = "default"
      private_dns_zone_ids = [private_dns_zone_group.value]
    }
  }
}

resource "azurerm_private_endpoint" "app" {
  for_each = local.app_endpoint

  name                = "${var.name}-app"
  resource_group_name = var.resource_group_name
  location            = var.location
  subnet_id           = var.network.endpoint_subnet_id
  tags                = var.tags

  private_service_connection {
    name                           = "app"
    private_connection_resource_id = local.app.id
    subresource_names              = ["sites"]
    is_manual_connection           = false
  }

  dynamic "private_dns_zone_group" {
    for_each = each.value == null ? [] : [each.value]

    content {
      name                 = "default"
      private_dns_zone_ids = [private_dns_zone_group.value]
    }
  }
}
