# What is refused when planning. No subscription and no network: the provider is played.

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

run "names_and_guids_are_never_mixed" {
  command = plan

  variables {
    bronze = { onelake = { workspace = "6f0e3c8a-0000-4000-8000-000000000001", lakehouse = "Raw.Lakehouse" } }
  }

  expect_failures = [var.bronze]
}

run "schedules_that_platforms_do_not_agree_on_are_refused" {
  command = plan

  variables {
    sources_path = "../aws/tests/refused"
  }

  expect_failures = [terraform_data.sources]
}

run "names_that_key_vault_cannot_hold_are_refused" {
  command = plan

  variables {
    sources_path = "tests/unfit"
  }

  expect_failures = [terraform_data.sources]
}

run "values_out_of_range_are_refused" {
  command = plan

  variables {
    name                = "Bronze Gate"
    resource_group_name = "ends.with."
    location            = "West Europe"
    environment         = "a b"
    package             = "package.tar"
    function            = { memory_mib = 1024 }
    queue               = "Work"
    storage_replication = "XRS"
    bronze              = { account = "mine", existing_account_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/theirs" }
    key_vault           = { existing_id = "theirs" }
    logs                = { retention_days = 7 }
    thresholds          = { missed_grace_minutes = 1 }
    alert_emails        = ["nobody"]
  }

  expect_failures = [
    var.name, var.resource_group_name, var.location, var.environment, var.package, var.function, var.queue,
    var.storage_replication, var.bronze, var.key_vault, var.logs, var.thresholds, var.alert_emails,
  ]
}

run "an_app_has_an_instance_and_flex_a_thousand_at_most" {
  command = plan

  variables {
    function = { max_instances = 1001 }
  }

  expect_failures = [var.function]
}

run "words_that_nothing_is_called_are_refused" {
  command = plan

  variables {
    plan            = "dedicated"
    action_group_id = "people"
    alert_emails    = []
  }

  expect_failures = [var.plan, var.action_group_id]
}

run "consumption_has_no_network_and_ten_minutes" {
  command = plan

  variables {
    plan     = "consumption"
    function = { timeout_seconds = 601 }
    network = {
      integration_subnet_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/app"
      endpoint_subnet_id    = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/endpoints"
    }
  }

  expect_failures = [var.function, var.network]
}

run "what_an_app_would_not_start_with_is_refused" {
  command = plan

  variables {
    function = { log = "loud" }
    network = {
      integration_subnet_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/app"
      endpoint_subnet_id    = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/endpoints"
      dns_zone_ids          = { blob = "privatelink.blob.core.windows.net" }
    }
  }

  expect_failures = [var.function, var.network]
}
