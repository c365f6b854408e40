# Where tables are, and who may write them. No subscription and no network: the provider is played.

mock_provider "azurerm" {
  override_during = plan
  source          = "./tests/played"
}

variables {
  resource_group_name = "lake"
  location            = "westeurope"
  # The same files as on AWS.
  sources_path = "../aws/tests/tables"
  package      = "../aws/tests/empty.zip"
  alert_emails = ["data@example.com"]
}

run "a_table_without_a_place_is_told_when_planning" {
  command = plan

  expect_failures = [check.every_table_has_a_place]

  assert {
    condition     = output.tables == null && output.databricks_grant == null && !contains(keys(azurerm_function_app_flex_consumption.function[0].app_settings), "BRONZEGATE_TABLES")
    error_message = "no place, no setting"
  }
}

run "tables_beside_bronze_need_no_other_role" {
  command = plan

  variables {
    tables = {}
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.function[0].app_settings.BRONZEGATE_TABLES == "abfss://bronze@${local.lake_name}.dfs.core.windows.net/tables"
    error_message = "tables: ${azurerm_function_app_flex_consumption.function[0].app_settings.BRONZEGATE_TABLES}"
  }
  assert {
    condition     = length(azurerm_storage_container.tables) == 0 && !contains(keys(azurerm_role_assignment.function), "tables")
    error_message = "the role is on the container"
  }
}

run "a_container_of_their_own_has_a_role_of_its_own" {
  command = plan

  variables {
    tables = { container = "delta", folder = "" }
  }

  assert {
    condition     = output.tables == "abfss://delta@${local.lake_name}.dfs.core.windows.net"
    error_message = "tables: ${output.tables}"
  }
  assert {
    condition     = azurerm_role_assignment.function["tables"].scope == "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/made/blobServices/default/containers/delta" && azurerm_storage_container.tables[0].container_access_type == "private"
    error_message = "a role on the container, not on the account"
  }
}

run "a_lakehouse_has_its_tables_under_tables" {
  command = plan

  variables {
    bronze = { onelake = { workspace = "Sales", lakehouse = "Raw.Lakehouse" } }
    tables = {}
  }

  assert {
    condition     = output.tables == "abfss://Sales@onelake.dfs.fabric.microsoft.com/Raw.Lakehouse/Tables" && endswith(output.target, "/Raw.Lakehouse/Files/bronze")
    error_message = "tables: ${output.tables}"
  }
  assert {
    condition     = !contains(keys(azurerm_role_assignment.function), "tables") && strcontains(output.onelake_grant, "workspace Sales:")
    error_message = "what somebody grants: ${output.onelake_grant}"
  }
}

run "a_schema_of_another_lakehouse_is_granted_too" {
  command = plan

  variables {
    tables = { onelake = { workspace = "Finance", lakehouse = "Core.Lakehouse", schema = "raw" } }
  }

  assert {
    condition     = output.tables == "abfss://Finance@onelake.dfs.fabric.microsoft.com/Core.Lakehouse/Tables/raw" && startswith(output.target, "abfss://bronze@")
    error_message = "tables: ${output.tables}"
  }
  assert {
    condition     = strcontains(output.onelake_grant, "workspace Finance:")
    error_message = "what somebody grants: ${output.onelake_grant}"
  }
}

run "databricks_takes_the_identity_of_the_function" {
  command = plan

  variables {
    databricks = { host = "https://adb-1234567890123456.7.azuredatabricks.net", schema = "main.bronze", warehouse_id = "1a2b3c4d5e6f7a8b" }
  }

  assert {
    condition = {
      for name, value in azurerm_function_app_flex_consumption.function[0].app_settings : name => value
      if strcontains(name, "DATABRICKS") || name == "BRONZEGATE_TABLES"
      } == {
      BRONZEGATE_TABLES       = "databricks:main.bronze"
      DATABRICKS_HOST         = "https://adb-1234567890123456.7.azuredatabricks.net"
      DATABRICKS_AUTH_TYPE    = "azure-msi"
      DATABRICKS_WAREHOUSE_ID = "1a2b3c4d5e6f7a8b"
    }
    error_message = "settings: ${jsonencode(azurerm_function_app_flex_consumption.function[0].app_settings)}"
  }
  assert {
    condition     = strcontains(output.databricks_grant, "service principal 00000000-0000-0000-0000-00000000000c") && strcontains(output.databricks_grant, "MODIFY for main.bronze")
    error_message = "what somebody grants: ${output.databricks_grant}"
  }
}

run "secrets_in_a_scope_are_not_read_from_the_vault" {
  command = plan

  variables {
    databricks   = { host = "https://adb-1234567890123456.7.azuredatabricks.net", secret_scope = "bronze" }
    sources_path = "tests/scope"
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.function[0].app_settings.BRONZEGATE_SECRETS == "databricks:bronze"
    error_message = "settings: ${jsonencode(azurerm_function_app_flex_consumption.function[0].app_settings)}"
  }
  assert {
    condition     = length(output.secret_commands) == 0
    error_message = "nothing is to be put into the vault"
  }
}

run "refresh_tokens_that_rotate_are_refused_in_a_scope" {
  command = plan

  variables {
    databricks   = { host = "https://adb-1234567890123456.7.azuredatabricks.net", secret_scope = "bronze" }
    sources_path = "../aws/tests/sources"
  }

  expect_failures = [terraform_data.sources]
}

run "places_that_cannot_be_are_refused" {
  command = plan

  variables {
    tables = { onelake = { workspace = "Sales", lakehouse = "6f0e3c8a-0000-4000-8000-000000000001" }, container = "delta" }
  }

  expect_failures = [var.tables]
}

run "a_workspace_that_cannot_be_is_refused" {
  command = plan

  variables {
    databricks = { host = "adb.azuredatabricks.net", schema = "main.bronze.x", files = "landing" }
  }

  expect_failures = [var.databricks]
}

run "two_places_are_refused" {
  command = plan

  variables {
    tables     = {}
    databricks = { host = "https://adb.azuredatabricks.net", schema = "main.bronze", warehouse_id = "1a" }
  }

  expect_failures = [var.databricks]
}

run "bronze_and_tables_are_not_one_folder" {
  command = plan

  variables {
    bronze = { folder = "lake" }
    tables = { folder = "lake" }
  }

  expect_failures = [var.tables]
}
