# The app on Flex Consumption, as one resource that the module `azure` describes. azapi writes what it is given and nothing
# else, so that a plan after an apply is empty.

resource "azapi_resource" "site" {
  type      = var.site.type
  name      = var.site.name
  parent_id = var.site.parent_id
  location  = var.site.location
  tags      = var.site.tags
  body      = var.site.body

  identity {
    type         = "UserAssigned"
    identity_ids = var.site.identity_ids
  }

  response_export_values = ["properties.defaultHostName"]
}

# Deployment passwords are off. The resource manager makes the two policies with the site.
resource "azapi_update_resource" "password" {
  for_each = toset(["scm", "ftp"])

  type      = "Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01"
  parent_id = azapi_resource.site.id
  name      = each.key
  body      = { properties = { allow = false } }
}

output "function_app_id" {
  description = "Resource ID of the app."
  value       = azapi_resource.site.id
}

output "function_app_hostname" {
  description = "Host that somebody's run or backfill is posted to."
  value       = azapi_resource.site.output.properties.defaultHostName
}
