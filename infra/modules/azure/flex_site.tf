# The app on Flex Consumption as the resource manager takes it (Microsoft.Web/sites, 2024-04-01): azurerm writes a setting
# there that the host must not have, and cannot deploy the package.

locals {
  flex_settings = merge(local.settings, {
    AzureWebJobsStorage__accountName      = azurerm_storage_account.host.name
    APPLICATIONINSIGHTS_CONNECTION_STRING = azurerm_application_insights.function.connection_string
    # Another package is another setting, which makes the platform fetch it.
    BRONZEGATE_PACKAGE = filesha256(var.package)
  })

  flex_site = {
    type         = "Microsoft.Web/sites@2024-04-01"
    name         = local.unique_name
    parent_id    = local.group_id
    location     = var.location
    tags         = var.tags
    identity_ids = [local.identity.id]

    body = {
      kind = "functionapp,linux"
      properties = {
        serverFarmId           = local.service_plan_id
        httpsOnly              = true
        publicNetworkAccess    = local.is_public ? "Enabled" : "Disabled"
        virtualNetworkSubnetId = try(var.network.integration_subnet_id, null)
        vnetRouteAllEnabled    = var.network != null
        functionAppConfig = {
          deployment = {
            storage = {
              type  = "blobContainer"
              value = "https://${azurerm_storage_account.host.name}.blob.core.windows.net/${azurerm_storage_container.package.name}"
              authentication = {
                type                           = "UserAssignedIdentity"
                userAssignedIdentityResourceId = local.identity.id
              }
            }
          }
          runtime = {
            name    = "custom"
            version = "1.0"
          }
          scaleAndConcurrency = {
            instanceMemoryMB     = var.function.memory_mib
            maximumInstanceCount = local.max_instances
          }
        }
        siteConfig = {
          minTlsVersion    = "1.2"
          scmMinTlsVersion = "1.2"
          http20Enabled    = true
          appSettings      = [for name, value in local.flex_settings : { name = name, value = tostring(value) }]
        }
      }
    }
  }
}
