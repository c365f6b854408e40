# What a platform brings along or adds: identities, plans, keys, locks, roles, diagnostics. The provider is played.

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

run "an_existing_identity_and_an_existing_plan_are_used_and_not_made" {
  command = plan

  variables {
    identity         = { existing_id = "/subscriptions/s/resourceGroups/ids/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader" }
    existing_plan_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/serverFarms/shared"
    plan             = "premium"
  }

  assert {
    condition     = length(azurerm_user_assigned_identity.function) + length(azurerm_service_plan.function) == 0
    error_message = "neither is made"
  }
  assert {
    condition = (
      azurerm_linux_function_app.function[0].app_settings.AZURE_CLIENT_ID == "00000000-0000-0000-0000-00000000001c" &&
      one(azurerm_linux_function_app.function[0].identity[0].identity_ids) == "/subscriptions/s/resourceGroups/ids/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader" &&
      endswith(azurerm_linux_function_app.function[0].service_plan_id, "/shared") &&
      alltrue([for given in azurerm_role_assignment.function : given.principal_id == "00000000-0000-0000-0000-00000000001d"])
    )
    error_message = "the app signs in as it, runs there, and the roles are its own"
  }
}

run "source_files_may_be_in_a_container" {
  command = plan

  variables {
    sources_folder = { account_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/config", container = "bronzegate", folder = "sources" }
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.function[0].app_settings.BRONZEGATE_SOURCES == "abfss://bronzegate@config.dfs.core.windows.net/sources"
    error_message = "the function reads it"
  }
  assert {
    condition     = "${azurerm_role_assignment.function["sources"].role_definition_name} on ${azurerm_role_assignment.function["sources"].scope}" == "Storage Blob Data Reader on /subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/config/blobServices/default/containers/bronzegate"
    error_message = "and nothing beside it"
  }
}

run "accounts_may_be_encrypted_with_a_key_of_ones_own" {
  command = plan

  variables {
    customer_managed_key = {
      key_vault_key_id          = "https://keys.vault.azure.net/keys/lake"
      user_assigned_identity_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/keys"
    }
  }

  assert {
    condition = alltrue([
      for account in [azurerm_storage_account.host, azurerm_storage_account.bronze[0]] :
      account.customer_managed_key[0].key_vault_key_id == "https://keys.vault.azure.net/keys/lake" && one(account.identity[0].identity_ids) == account.customer_managed_key[0].user_assigned_identity_id
    ])
    error_message = "both accounts read the key as the identity"
  }
  assert {
    condition     = azurerm_storage_account.host.queue_encryption_key_type == "Account"
    error_message = "the key covers the queues too"
  }
}

run "locks_roles_and_diagnostics_have_the_shapes_of_azure_verified_modules" {
  command = plan

  variables {
    lock = { kind = "CanNotDelete" }
    role_assignments = {
      readers = { on = "bronze", role_definition_id_or_name = "Storage Blob Data Reader", principal_id = "00000000-0000-0000-0000-0000000000aa", principal_type = "Group" }
      support = { on = "queues", role_definition_id_or_name = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/r", principal_id = "00000000-0000-0000-0000-0000000000bb" }
      owners  = { on = "app", role_definition_id_or_name = "Website Contributor", principal_id = "00000000-0000-0000-0000-0000000000cc" }
    }
    diagnostic_settings = {
      security = { event_hub_authorization_rule_resource_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventHub/namespaces/n/authorizationRules/r", event_hub_name = "logs" }
      archive  = { on = ["vault"], log_groups = ["audit"], metric_categories = [], storage_account_resource_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/archive" }
    }
  }

  assert {
    condition     = { for key, lock in azurerm_management_lock.resource : key => "${lock.name} ${lock.lock_level}" } == { bronze = "bronzegate-bronze CanNotDelete", host = "bronzegate-host CanNotDelete", vault = "bronzegate-vault CanNotDelete" }
    error_message = "what holds data is locked"
  }
  assert {
    condition = { for key, given in azurerm_role_assignment.given : key => "${coalesce(given.role_definition_name, given.role_definition_id)} on ${reverse(split("/", given.scope))[0]}" } == {
      "readers"   = "Storage Blob Data Reader on bronze"
      "support/0" = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/r on bronzegate-work-poison"
      "support/1" = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/r on bronzegate-work"
      "owners"    = "Website Contributor on made"
    }
    error_message = "roles: ${jsonencode({ for key, given in azurerm_role_assignment.given : key => given.scope })}"
  }
  assert {
    condition     = keys(azurerm_monitor_diagnostic_setting.given) == ["app/security", "bronze/security", "host-blob/security", "host-queue/security", "vault/archive"]
    error_message = "settings: ${jsonencode(keys(azurerm_monitor_diagnostic_setting.given))}"
  }
  assert {
    condition = (
      [for log in azurerm_monitor_diagnostic_setting.given["bronze/security"].enabled_log : log.category_group] == ["allLogs"] &&
      length(azurerm_monitor_diagnostic_setting.given["vault/archive"].enabled_metric) == 0 &&
      azurerm_monitor_diagnostic_setting.given["app/security"].eventhub_name == "logs"
    )
    error_message = "what is sent, and where to"
  }
}

run "nothing_of_that_is_there_by_default" {
  command = plan

  assert {
    condition     = length(azurerm_management_lock.resource) + length(azurerm_role_assignment.given) + length(azurerm_monitor_diagnostic_setting.given) + length(azurerm_storage_account.bronze[0].customer_managed_key) == 0
    error_message = "it is for who asks for it"
  }
  assert {
    condition     = alltrue([for rule in azurerm_monitor_scheduled_query_rules_alert_v2.rule : rule.enabled])
    error_message = "alerts look"
  }
}

run "alerts_may_be_silent" {
  command = plan

  variables {
    alerts_enabled = false
  }

  assert {
    condition     = alltrue([for rule in azurerm_monitor_scheduled_query_rules_alert_v2.rule : !rule.enabled])
    error_message = "no rule looks"
  }
}

run "what_a_platform_cannot_mean_is_refused" {
  command = plan

  variables {
    identity             = { existing_id = "reader" }
    existing_plan_id     = "shared"
    customer_managed_key = { key_vault_key_id = "lake", user_assigned_identity_id = "keys" }
    lock                 = { kind = "Closed" }
    role_assignments     = { readers = { on = "lake", role_definition_id_or_name = "Reader", principal_id = "a" } }
    diagnostic_settings  = { nowhere = {} }
    sources_folder       = { account_id = "config", container = "bronzegate" }
    proxy                = { https = "http://user:password@proxy.corp.example:3128" }
  }

  expect_failures = [
    var.identity, var.existing_plan_id, var.customer_managed_key, var.lock, var.role_assignments, var.diagnostic_settings,
    var.sources_folder, var.proxy,
  ]
}

run "the_app_on_flex_may_be_one_resource_of_azapi_with_its_package_as_a_blob" {
  command = plan

  variables {
    site_by  = "azapi"
    function = { max_instances = 3, memory_mib = 2048 }
    network = {
      integration_subnet_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/app"
      endpoint_subnet_id    = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/endpoints"
    }
  }

  assert {
    condition     = length(azurerm_function_app_flex_consumption.function) + length(azurerm_linux_function_app.function) == 0 && output.deploy_command == null && output.storage_command == null && output.sync_command == null
    error_message = "azurerm makes no app, and no command is needed"
  }
  assert {
    condition     = azurerm_storage_blob.package[0].name == "released-package.zip" && azurerm_storage_blob.package[0].content_md5 == filemd5(var.package)
    error_message = "the platform looks for this name in the app's container, and another content is uploaded again"
  }
  assert {
    condition = jsondecode(jsonencode({ for key, value in output.flex_site : key => value if key != "body" })) == {
      type         = "Microsoft.Web/sites@2024-04-01"
      name         = "bronzegate-${local.digest}"
      parent_id    = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/lake"
      location     = "westeurope"
      tags         = {}
      identity_ids = ["/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/bronzegate"]
    }
    error_message = "the resource: ${jsonencode(output.flex_site)}"
  }
  assert {
    condition = jsondecode(jsonencode(output.flex_site.body.properties.functionAppConfig)) == {
      deployment = {
        storage = {
          type  = "blobContainer"
          value = "https://bronzegate${local.digest}host.blob.core.windows.net/packages"
          authentication = {
            type                           = "UserAssignedIdentity"
            userAssignedIdentityResourceId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/bronzegate"
          }
        }
      }
      runtime             = { name = "custom", version = "1.0" }
      scaleAndConcurrency = { instanceMemoryMB = 2048, maximumInstanceCount = 3 }
    }
    error_message = "its plan's part: ${jsonencode(output.flex_site.body.properties.functionAppConfig)}"
  }
  assert {
    condition = (
      output.flex_site.body.kind == "functionapp,linux" &&
      output.flex_site.body.properties.httpsOnly &&
      output.flex_site.body.properties.vnetRouteAllEnabled &&
      endswith(output.flex_site.body.properties.virtualNetworkSubnetId, "/subnets/app") &&
      output.flex_site.body.properties.siteConfig.minTlsVersion == "1.2"
    )
    error_message = "https only, and its calls leave through the subnet: ${jsonencode(output.flex_site.body)}"
  }
  assert {
    condition = alltrue([
      for name in ["AzureWebJobsStorage__accountName", "AzureWebJobsStorage__credential", "APPLICATIONINSIGHTS_CONNECTION_STRING", "BRONZEGATE_TARGET", "BRONZEGATE_PACKAGE"] :
      contains([for setting in output.flex_site.body.properties.siteConfig.appSettings : setting.name], name)
    ]) && !contains([for setting in output.flex_site.body.properties.siteConfig.appSettings : setting.name], "AzureWebJobsStorage")
    error_message = "the host finds its storage by identity alone: ${jsonencode([for setting in output.flex_site.body.properties.siteConfig.appSettings : setting.name])}"
  }
}

run "what_comes_after_the_module_is_the_roots" {
  command = plan

  variables {
    site_by             = "azapi"
    role_assignments    = { owners = { on = "app", role_definition_id_or_name = "Website Contributor", principal_id = "00000000-0000-0000-0000-0000000000cc" } }
    diagnostic_settings = { all = { workspace_resource_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w" } }
  }

  expect_failures = [var.role_assignments, var.diagnostic_settings]
}

run "another_plan_has_no_site_of_azapi" {
  command = plan

  variables {
    plan    = "premium"
    site_by = "azapi"
  }

  expect_failures = [var.site_by]
}

run "an_app_without_an_address_is_the_roots_too" {
  command = plan

  variables {
    site_by = "azapi"
    network = {
      integration_subnet_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/app"
      endpoint_subnet_id    = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/endpoints"
      public_app            = false
    }
  }

  expect_failures = [var.site_by]
}
