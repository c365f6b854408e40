# The app that the module `azure` describes, as azapi plans it. azurerm is played. `make terraform` plays azapi too where it
# cannot be downloaded: from its schema, with bodies compared with the specification of the resource manager.

provider "azapi" {}

mock_provider "azurerm" {
  override_during = plan
  source          = "../azure/tests/played"
}

run "described" {
  command = plan

  module {
    source = "../azure"
  }

  variables {
    resource_group_name = "lake"
    location            = "westeurope"
    sources_path        = "../aws/tests/sources"
    package             = "../aws/tests/empty.zip"
    alert_emails        = ["data@example.com"]
    site_by             = "azapi"
    network = {
      integration_subnet_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/app"
      endpoint_subnet_id    = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/endpoints"
    }
  }
}

run "the_site_is_planned_as_the_resource_manager_takes_it" {
  command = plan

  variables {
    site = run.described.flex_site
  }

  assert {
    condition     = azapi_resource.site.type == "Microsoft.Web/sites@2024-04-01" && azapi_resource.site.body.properties.functionAppConfig.runtime.name == "custom"
    error_message = "the body is the module's: ${jsonencode(azapi_resource.site.body)}"
  }
  assert {
    condition     = azapi_resource.site.identity[0].type == "UserAssigned" && length(azapi_resource.site.identity[0].identity_ids) == 1
    error_message = "the app signs in as the function's identity"
  }
  assert {
    condition     = keys(azapi_update_resource.password) == ["ftp", "scm"] && alltrue([for policy in azapi_update_resource.password : !policy.body.properties.allow])
    error_message = "there is no password to deploy with"
  }
}
