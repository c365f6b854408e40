# What a plan makes of plans, stores, vaults and networks. No subscription and no network: the provider is played.

mock_provider "azurerm" {
  override_during = plan
  source          = "./tests/played"
}

variables {
  resource_group_name = "lake"
  location            = "westeurope"
  # The same files as on AWS.
  sources_path = "../aws/tests/sources"
  package      = "../aws/tests/empty.zip"
  alert_emails = ["data@example.com"]
}

run "the_app_on_flex_has_an_identity_and_no_key" {
  command = plan

  assert {
    condition = azurerm_function_app_flex_consumption.function[0].app_settings == tomap({
      BRONZEGATE_TARGET                      = "abfss://bronze@bronzegate${local.digest}lake.dfs.core.windows.net"
      BRONZEGATE_SECRETS                     = "azure-keyvault:https://bronzegate-${local.digest}.vault.azure.net/"
      BRONZEGATE_ENVIRONMENT                 = "dev"
      BRONZEGATE_SOURCES                     = "./sources"
      BRONZEGATE_LOG                         = "info"
      BRONZEGATE_QUEUE                       = "bronzegate-work"
      BRONZEGATE_MAX_INSTANCES               = "40"
      BRONZEGATE_WATCH_GRACE                 = "60m"
      BRONZEGATE_STORAGE__queueServiceUri    = "https://bronzegate${local.digest}host.queue.core.windows.net"
      BRONZEGATE_STORAGE__credential         = "managedidentity"
      BRONZEGATE_STORAGE__clientId           = "00000000-0000-0000-0000-00000000000c"
      BRONZEGATE_AZURE_IDENTITY              = "managed"
      AZURE_CLIENT_ID                        = "00000000-0000-0000-0000-00000000000c"
      AzureWebJobsStorage                    = ""
      AzureWebJobsStorage__accountName       = "bronzegate${local.digest}host"
      AzureWebJobsStorage__credential        = "managedidentity"
      AzureWebJobsStorage__clientId          = "00000000-0000-0000-0000-00000000000c"
      AzureFunctionsJobHost__functionTimeout = "00:30:00"

      AzureFunctionsJobHost__logging__applicationInsights__samplingSettings__isEnabled = "false"

      APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "ClientId=00000000-0000-0000-0000-00000000000c;Authorization=AAD"
    })
    error_message = "settings: ${jsonencode(azurerm_function_app_flex_consumption.function[0].app_settings)}"
  }
  assert {
    condition = (
      azurerm_service_plan.function[0].sku_name == "FC1" &&
      azurerm_function_app_flex_consumption.function[0].runtime_name == "custom" &&
      azurerm_function_app_flex_consumption.function[0].storage_authentication_type == "UserAssignedIdentity" &&
      azurerm_function_app_flex_consumption.function[0].maximum_instance_count == 40 &&
      azurerm_function_app_flex_consumption.function[0].instance_memory_in_mb == 512 &&
      !azurerm_function_app_flex_consumption.function[0].webdeploy_publish_basic_authentication_enabled
    )
    error_message = "Flex Consumption, a custom handler, no password anywhere"
  }
  assert {
    condition = alltrue([
      for account in [azurerm_storage_account.host, azurerm_storage_account.bronze[0]] :
      !account.shared_access_key_enabled && account.min_tls_version == "TLS1_2" && !account.allow_nested_items_to_be_public && !account.local_user_enabled
    ])
    error_message = "no shared keys, no old TLS, nothing public"
  }
  assert {
    condition     = azurerm_storage_account.bronze[0].is_hns_enabled && azurerm_key_vault.sources[0].rbac_authorization_enabled && azurerm_application_insights.function.local_authentication_disabled
    error_message = "bronze has a hierarchical namespace; the vault and the logs know identities only"
  }
  assert {
    condition     = length(azurerm_linux_function_app.function) == 0 && length(azurerm_storage_blob.package) == 0 && strcontains(output.deploy_command, "--src ../aws/tests/empty.zip")
    error_message = "Flex Consumption is deployed by a command"
  }
  assert {
    condition     = output.storage_command == "az functionapp config appsettings delete --resource-group lake --name bronzegate-${local.digest} --setting-names AzureWebJobsStorage"
    error_message = "the empty setting is removed by a command: ${output.storage_command}"
  }
  assert {
    condition     = length(azurerm_private_endpoint.resource) == 0 && azurerm_storage_account.host.public_network_access_enabled
    error_message = "without network there is none"
  }
  assert {
    condition     = output.queues.work == "bronzegate-work" && output.queues.poison == "bronzegate-work-poison"
    error_message = "queues: ${jsonencode(output.queues)}"
  }
}

run "one_instance_keeps_a_strict_rate" {
  command = plan

  variables {
    function = { max_instances = 1 }
  }

  assert {
    condition = (
      azurerm_function_app_flex_consumption.function[0].maximum_instance_count == 1 &&
      azurerm_function_app_flex_consumption.function[0].app_settings.BRONZEGATE_MAX_INSTANCES == "1"
    )
    error_message = "the app has one instance"
  }
}

run "the_app_on_consumption_runs_the_package_of_its_content" {
  command = plan

  variables {
    plan = "consumption"
  }

  assert {
    condition     = azurerm_service_plan.function[0].sku_name == "Y1" && length(azurerm_function_app_flex_consumption.function) == 0 && output.deploy_command == null && output.storage_command == null
    error_message = "Linux Consumption, deployed by Terraform"
  }
  assert {
    condition     = azurerm_linux_function_app.function[0].app_settings.WEBSITE_RUN_FROM_PACKAGE == "https://bronzegate${local.digest}host.blob.core.windows.net/packages/${filesha256(var.package)}.zip"
    error_message = "the package's address changes with its content"
  }
  assert {
    condition     = endswith(azurerm_linux_function_app.function[0].app_settings.WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID, "/userAssignedIdentities/bronzegate")
    error_message = "the package is fetched with the identity"
  }
  assert {
    condition     = azurerm_linux_function_app.function[0].app_settings.AzureFunctionsJobHost__functionTimeout == "00:10:00"
    error_message = "ten minutes are the plan's limit"
  }
  assert {
    condition = (
      azurerm_linux_function_app.function[0].storage_uses_managed_identity &&
      azurerm_linux_function_app.function[0].site_config[0].application_stack[0].use_custom_runtime &&
      azurerm_linux_function_app.function[0].site_config[0].ftps_state == "Disabled" &&
      !contains(keys(azurerm_linux_function_app.function[0].app_settings), "AzureWebJobsStorage")
    )
    error_message = "a custom handler, storage by identity, no FTP"
  }
}

run "a_private_network_closes_what_the_module_creates" {
  command = plan

  variables {
    plan     = "premium"
    function = { timeout_seconds = 5025, premium_sku = "EP2" }
    network = {
      integration_subnet_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/app"
      endpoint_subnet_id    = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/endpoints"
      dns_zone_ids          = { blob = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net" }
      public_app            = false
    }
  }

  assert {
    condition     = keys(azurerm_private_endpoint.resource) == ["bronze-blob", "bronze-dfs", "host-blob", "host-queue", "vault"] && keys(azurerm_private_endpoint.app) == ["app"]
    error_message = "endpoints: ${jsonencode(keys(azurerm_private_endpoint.resource))}"
  }
  assert {
    condition     = { for key, endpoint in azurerm_private_endpoint.resource : key => length(endpoint.private_dns_zone_group) } == { bronze-blob = 1, bronze-dfs = 0, host-blob = 1, host-queue = 0, vault = 0 }
    error_message = "only a given zone is registered in"
  }
  assert {
    condition = alltrue([
      for resource in [azurerm_storage_account.host, azurerm_storage_account.bronze[0], azurerm_key_vault.sources[0], azurerm_linux_function_app.function[0]] :
      !resource.public_network_access_enabled
    ])
    error_message = "nothing is reached from the internet"
  }
  assert {
    condition     = azurerm_storage_account.host.network_rules[0].default_action == "Deny" && azurerm_key_vault.sources[0].network_acls[0].default_action == "Deny"
    error_message = "what is not allowed is denied"
  }
  assert {
    condition = (
      azurerm_service_plan.function[0].sku_name == "EP2" &&
      azurerm_service_plan.function[0].maximum_elastic_worker_count == 10 &&
      azurerm_linux_function_app.function[0].app_settings.BRONZEGATE_MAX_INSTANCES == "10" &&
      endswith(output.sync_command, "/syncfunctiontriggers?api-version=2022-03-01") &&
      azurerm_linux_function_app.function[0].site_config[0].runtime_scale_monitoring_enabled &&
      endswith(azurerm_linux_function_app.function[0].virtual_network_subnet_id, "/app") &&
      azurerm_linux_function_app.function[0].app_settings.AzureFunctionsJobHost__functionTimeout == "01:23:45"
    )
    error_message = "the app's calls leave through its subnet, and it scales with the queue"
  }
}

run "roles_have_the_least_scope" {
  command = plan

  assert {
    condition = { for key, given in azurerm_role_assignment.function : key => "${given.role_definition_name} on ${given.scope}" } == {
      "host"                         = "Storage Blob Data Owner on /subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/made"
      "queue/bronzegate-work"        = "Storage Queue Data Contributor on /subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/made/queueServices/default/queues/bronzegate-work"
      "queue/bronzegate-work-poison" = "Storage Queue Data Contributor on /subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/made/queueServices/default/queues/bronzegate-work-poison"
      "bronze"                       = "Storage Blob Data Contributor on /subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/made/blobServices/default/containers/bronze"
      "secrets"                      = "Key Vault Secrets User on /subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/made"
      "rotated/ledger-own"           = "Key Vault Secrets Officer on /subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/made/secrets/ledger-own"
      "rotated/ledger-refresh-token" = "Key Vault Secrets Officer on /subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/made/secrets/ledger-refresh-token"
      "telemetry"                    = "Monitoring Metrics Publisher on /subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/components/bronzegate"
    }
    error_message = "roles: ${jsonencode({ for key, given in azurerm_role_assignment.function : key => [given.role_definition_name, given.scope] })}"
  }
  assert {
    condition     = alltrue([for given in azurerm_role_assignment.function : given.principal_id == "00000000-0000-0000-0000-00000000000d" && given.principal_type == "ServicePrincipal"])
    error_message = "every role is the function's"
  }
}

run "an_existing_account_and_an_existing_vault_are_used_and_not_made" {
  command = plan

  variables {
    bronze    = { existing_account_id = "/subscriptions/s/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/mylake", container = "raw", create_container = false, folder = "lake/bronze" }
    key_vault = { existing_id = "/subscriptions/s/resourceGroups/data/providers/Microsoft.KeyVault/vaults/Shared" }
  }

  assert {
    condition     = output.target == "abfss://raw@mylake.dfs.core.windows.net/lake/bronze"
    error_message = "target: ${output.target}"
  }
  assert {
    condition     = length(azurerm_storage_account.bronze) + length(azurerm_storage_container.bronze) + length(azurerm_key_vault.sources) + length(azurerm_monitor_diagnostic_setting.vault) == 0
    error_message = "nothing of them is made"
  }
  assert {
    condition     = azurerm_role_assignment.function["bronze"].scope == "/subscriptions/s/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/mylake/blobServices/default/containers/raw"
    error_message = "bronze is the container, not the account"
  }
  assert {
    condition = [for key, given in azurerm_role_assignment.function : given.scope if startswith(key, "secret")] == [
      for name in ["ledger-account", "ledger-client", "ledger-client-secret", "ledger-login", "ledger-own", "ledger-refresh-token", "ledger-subject", "ledger-tenant", "shop-token"] :
      "/subscriptions/s/resourceGroups/data/providers/Microsoft.KeyVault/vaults/Shared/secrets/${name}"
    ]
    error_message = "of a vault that others use, the function reads its own secrets"
  }
  assert {
    condition     = azurerm_function_app_flex_consumption.function[0].app_settings.BRONZEGATE_SECRETS == "azure-keyvault:https://Shared.vault.azure.net/"
    error_message = "the vault's address"
  }
}

run "bronze_can_be_a_lakehouse" {
  command = plan

  variables {
    bronze = { onelake = { workspace = "Sales", lakehouse = "Raw.Lakehouse" } }
  }

  assert {
    condition     = output.target == "abfss://Sales@onelake.dfs.fabric.microsoft.com/Raw.Lakehouse/Files/bronze"
    error_message = "target: ${output.target}"
  }
  assert {
    condition     = !contains(keys(azurerm_role_assignment.function), "bronze") && length(azurerm_storage_account.bronze) == 0 && length(azurerm_storage_container.bronze) == 0
    error_message = "Azure has no role in Fabric"
  }
  assert {
    condition     = strcontains(output.onelake_grant, "workspace Sales") && strcontains(output.onelake_grant, "00000000-0000-0000-0000-00000000000d")
    error_message = "what somebody grants: ${output.onelake_grant}"
  }
}

run "a_lakehouse_can_be_named_by_guids" {
  command = plan

  variables {
    bronze = { onelake = { workspace = "6f0e3c8a-0000-4000-8000-000000000001", lakehouse = "6f0e3c8a-0000-4000-8000-000000000002", folder = "" } }
  }

  assert {
    condition     = output.target == "abfss://6f0e3c8a-0000-4000-8000-000000000001@onelake.dfs.fabric.microsoft.com/6f0e3c8a-0000-4000-8000-000000000002/Files"
    error_message = "target: ${output.target}"
  }
}

run "secrets_are_named_and_have_no_value_here" {
  command = plan

  assert {
    condition = (
      keys(output.secret_commands) == ["ledger-account", "ledger-client", "ledger-client-secret", "ledger-login", "ledger-own", "ledger-refresh-token", "ledger-subject", "ledger-tenant", "shop-token"] &&
      output.rotated_secrets == tolist(["ledger-own", "ledger-refresh-token"])
    )
    error_message = "secrets: ${jsonencode(output.secret_commands)}"
  }
  assert {
    condition     = output.secret_commands["shop-token"] == "az keyvault secret recover --vault-name bronzegate-${local.digest} --name shop-token 2> /dev/null && sleep 20; az keyvault secret set --vault-name bronzegate-${local.digest} --name shop-token --file <file>"
    error_message = "the command: ${output.secret_commands["shop-token"]}"
  }
}
