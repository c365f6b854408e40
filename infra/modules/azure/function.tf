locals {
  is_flex         = var.plan == "flex"
  is_azapi        = var.site_by == "azapi"
  timeout_seconds = coalesce(var.function.timeout_seconds, var.plan == "consumption" ? 600 : 1800)
  max_instances   = coalesce(var.function.max_instances, local.is_flex ? 40 : 10)
  is_public       = var.network == null ? true : var.network.public_app

  service_plan_id = var.existing_plan_id == null ? azurerm_service_plan.function[0].id : var.existing_plan_id
  proxy_settings  = { for name, value in { HTTPS_PROXY = try(var.proxy.https, null), HTTP_PROXY = try(var.proxy.http, null), NO_PROXY = try(var.proxy.no_proxy, null) } : name => value if value != null }

  settings = merge(local.table_settings, local.proxy_settings, {
    BRONZEGATE_TARGET         = local.target
    BRONZEGATE_SECRETS        = local.has_scope ? "databricks:${var.databricks.secret_scope}" : "azure-keyvault:https://${local.vault}.vault.azure.net/"
    BRONZEGATE_ENVIRONMENT    = var.environment
    BRONZEGATE_SOURCES        = local.sources_url
    BRONZEGATE_LOG            = var.function.log
    BRONZEGATE_QUEUE          = azurerm_storage_queue.queue["work"].name
    BRONZEGATE_MAX_INSTANCES  = local.max_instances
    BRONZEGATE_WATCH_GRACE    = "${var.thresholds.missed_grace_minutes}m"
    BRONZEGATE_AZURE_IDENTITY = "managed"
    AZURE_CLIENT_ID           = local.identity.client_id

    # The connection of the queue's bindings. They do not use the host's own, which the provider rewrites on flex.
    BRONZEGATE_STORAGE__queueServiceUri = "https://${azurerm_storage_account.host.name}.queue.core.windows.net"
    BRONZEGATE_STORAGE__credential      = "managedidentity"
    BRONZEGATE_STORAGE__clientId        = local.identity.client_id

    AzureWebJobsStorage__credential = "managedidentity"
    AzureWebJobsStorage__clientId   = local.identity.client_id
    AzureFunctionsJobHost__functionTimeout = format(
      "%02d:%02d:%02d", floor(local.timeout_seconds / 3600), floor(local.timeout_seconds % 3600 / 60), local.timeout_seconds % 60,
    )
    # A sampled log would lose runs, and alerts would tell of runs that were not missed.
    AzureFunctionsJobHost__logging__applicationInsights__samplingSettings__isEnabled = "false"

    APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "ClientId=${local.identity.client_id};Authorization=AAD"
  })

  # What is known of an app that azapi makes later.
  group_id = "/subscriptions/${data.azurerm_client_config.current.subscription_id}/resourceGroups/${var.resource_group_name}"
  later    = { name = local.unique_name, id = "${local.group_id}/providers/Microsoft.Web/sites/${local.unique_name}", default_hostname = "${local.unique_name}.azurewebsites.net" }
  made     = one(concat(azurerm_function_app_flex_consumption.function, azurerm_linux_function_app.function))
  app = {
    name             = local.is_azapi ? local.later.name : local.made.name
    id               = local.is_azapi ? local.later.id : local.made.id
    default_hostname = local.is_azapi ? local.later.default_hostname : local.made.default_hostname
  }
}

resource "azurerm_service_plan" "function" {
  #checkov:skip=CKV_AZURE_212: instances are the scale controller's business
  #checkov:skip=CKV_AZURE_225: a plan that scales to zero has no zones of its own
  count = var.existing_plan_id == null ? 1 : 0

  name                = var.name
  resource_group_name = var.resource_group_name
  location            = var.location
  os_type             = "Linux"
  sku_name            = { flex = "FC1", consumption = "Y1", premium = var.function.premium_sku }[var.plan]
  # Unset, an Elastic Premium plan stays at one instance.
  maximum_elastic_worker_count = var.plan == "premium" ? local.max_instances : null
  tags                         = var.tags

  depends_on = [terraform_data.sources]
}

resource "azurerm_function_app_flex_consumption" "function" {
  count = local.is_flex && !local.is_azapi ? 1 : 0

  name                                           = local.unique_name
  resource_group_name                            = var.resource_group_name
  location                                       = var.location
  service_plan_id                                = local.service_plan_id
  runtime_name                                   = "custom"
  runtime_version                                = "1.0"
  maximum_instance_count                         = local.max_instances
  instance_memory_in_mb                          = var.function.memory_mib
  storage_container_type                         = "blobContainer"
  storage_container_endpoint                     = "https://${azurerm_storage_account.host.name}.blob.core.windows.net/${azurerm_storage_container.package.name}"
  storage_authentication_type                    = "UserAssignedIdentity"
  storage_user_assigned_identity_id              = local.identity.id
  https_only                                     = true
  public_network_access_enabled                  = local.is_public
  webdeploy_publish_basic_authentication_enabled = false
  virtual_network_subnet_id                      = try(var.network.integration_subnet_id, null)
  tags                                           = var.tags

  app_settings = merge(local.settings, {
    AzureWebJobsStorage__accountName = azurerm_storage_account.host.name
    # Left out, the provider writes a connection string without a key here, which the host would prefer. Some
    # versions of the host take the empty text for a connection, too: the output `storage_command` removes it.
    AzureWebJobsStorage = ""
  })

  identity {
    type         = "UserAssigned"
    identity_ids = [local.identity.id]
  }

  site_config {
    application_insights_connection_string = azurerm_application_insights.function.connection_string
    minimum_tls_version                    = "1.2"
    scm_minimum_tls_version                = "1.2"
    http2_enabled                          = true
    vnet_route_all_enabled                 = var.network != null
  }

  # Without its permissions, or its way to the storage, the host does not start.
  depends_on = [azurerm_role_assignment.function, azurerm_private_endpoint.resource]
}

resource "azurerm_linux_function_app" "function" {
  count = local.is_flex ? 0 : 1

  name                                           = local.unique_name
  resource_group_name                            = var.resource_group_name
  location                                       = var.location
  service_plan_id                                = local.service_plan_id
  functions_extension_version                    = "~4"
  storage_account_name                           = azurerm_storage_account.host.name
  storage_uses_managed_identity                  = true
  content_share_force_disabled                   = true
  https_only                                     = true
  public_network_access_enabled                  = local.is_public
  ftp_publish_basic_authentication_enabled       = false
  webdeploy_publish_basic_authentication_enabled = false
  virtual_network_subnet_id                      = try(var.network.integration_subnet_id, null)
  tags                                           = var.tags

  # The provider writes AzureWebJobsStorage__accountName of storage_account_name.
  app_settings = merge(local.settings, {
    WEBSITE_RUN_FROM_PACKAGE                     = "https://${azurerm_storage_account.host.name}.blob.core.windows.net/${azurerm_storage_container.package.name}/${azurerm_storage_blob.package[0].name}"
    WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID = local.identity.id
  })

  identity {
    type         = "UserAssigned"
    identity_ids = [local.identity.id]
  }

  site_config {
    application_insights_connection_string = azurerm_application_insights.function.connection_string
    minimum_tls_version                    = "1.2"
    scm_minimum_tls_version                = "1.2"
    ftps_state                             = "Disabled"
    http2_enabled                          = true
    app_scale_limit                        = local.max_instances
    vnet_route_all_enabled                 = var.network != null
    # In a private network the scale controller does not see the queue: the app tells it.
    runtime_scale_monitoring_enabled = var.plan == "premium" && var.network != null

    application_stack {
      use_custom_runtime = true
    }
  }

  depends_on = [azurerm_role_assignment.function, azurerm_private_endpoint.resource]
}
