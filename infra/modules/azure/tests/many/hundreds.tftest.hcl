# 150 sources with 400 streams, which `make terraform` writes and gives as `sources_path`. The provider is played.

mock_provider "azurerm" {
  override_during = plan
  source          = "./tests/played"
}

variables {
  resource_group_name = "lake"
  location            = "westeurope"
  package             = "../aws/tests/empty.zip"
  alert_emails        = ["data@example.com"]
}

run "hundreds_of_sources_are_inside_of_what_azure_takes" {
  command = plan

  assert {
    condition     = length(module.sources.names) == 150 && length(module.sources.streams) == 400
    error_message = "make terraform writes the sources"
  }
  assert {
    condition     = length(azurerm_role_assignment.function) == 6 && !strcontains(jsonencode([for given in azurerm_role_assignment.function : given.scope]), "a-source-with")
    error_message = "one role for all secrets of a vault of its own: ${jsonencode(keys(azurerm_role_assignment.function))}"
  }
  assert {
    condition     = length(azurerm_monitor_scheduled_query_rules_alert_v2.rule) == 2 && alltrue([for query in values(output.queries) : length(query) < 4096 && !strcontains(query, "a-source-with")])
    error_message = "two rules, whose queries name no stream"
  }
  assert {
    condition     = length(azurerm_application_insights_workbook.streams.data_json) < 262144
    error_message = "the workbook lists the streams to choose from: ${length(azurerm_application_insights_workbook.streams.data_json)} characters"
  }
  assert {
    condition     = alltrue([for settings in [azurerm_function_app_flex_consumption.function[0].app_settings] : length(jsonencode(settings)) < 8192])
    error_message = "settings do not grow with the streams"
  }
}

run "of_an_existing_vault_each_secret_has_a_role" {
  command = plan

  variables {
    key_vault = { existing_id = "/subscriptions/s/resourceGroups/data/providers/Microsoft.KeyVault/vaults/Shared" }
  }

  assert {
    condition     = length([for key in keys(azurerm_role_assignment.function) : key if startswith(key, "secret/")]) == 150
    error_message = "far below the 4,000 that a subscription has"
  }
}
