output "function_app_name" {
  description = "Name of the function app."
  value       = local.app.name
}

output "function_app_hostname" {
  description = "Host that somebody's run or backfill is posted to: https://<host>/api/ingest, with a function key."
  value       = local.app.default_hostname
}

output "deploy_command" {
  description = "What deploys the package on the plan flex, where Terraform cannot; null on the others, where it does."
  value       = local.is_flex && !local.is_azapi ? "az functionapp deployment source config-zip --resource-group ${var.resource_group_name} --name ${local.app.name} --src ${var.package}" : null
}

output "storage_command" {
  description = "What takes the empty setting AzureWebJobsStorage away on the plan flex, after each apply and before the package is deployed: the provider has no way to leave it out, and each apply brings it back. Null on the others."
  value       = local.is_flex && !local.is_azapi ? "az functionapp config appsettings delete --resource-group ${var.resource_group_name} --name ${local.app.name} --setting-names AzureWebJobsStorage" : null
}

output "sync_command" {
  description = "What tells the plans consumption and premium of the package's functions after each apply that brought another package: run from a URL, it is not looked into by itself. Null on flex."
  value       = local.is_flex ? null : "az rest --method post --url https://management.azure.com/subscriptions/${data.azurerm_client_config.current.subscription_id}/resourceGroups/${var.resource_group_name}/providers/Microsoft.Web/sites/${local.unique_name}/syncfunctiontriggers?api-version=2022-03-01"
}

output "flex_site" {
  description = "The app on the plan flex as the resource manager takes it, for the module `azure-flex-site`; null unless site_by is azapi."
  value       = local.is_azapi ? local.flex_site : null

  # Without its permissions, its package, or its way to the storage, the host does not start.
  depends_on = [azurerm_role_assignment.function, azurerm_private_endpoint.resource, azurerm_storage_blob.package]
}

output "target" {
  description = "Where bronze is, as abfss://…"
  value       = local.target
}

output "identity" {
  description = "The function's identity: the client ID that it signs in with, and the principal ID that roles are given to."
  value = {
    client_id    = local.identity.client_id
    principal_id = local.identity.principal_id
  }
}

output "onelake_grant" {
  description = "What somebody grants by hand where bronze or tables are in OneLake, since the provider has no such role; null elsewhere."
  value       = length(local.granted_lakes) == 0 ? null : "Fabric workspace ${join(" and workspace ", local.granted_lakes)}: add the identity ${local.identity.name} (principal ${local.identity.principal_id}) as Contributor"
}

output "tables" {
  description = "Where tables are: abfss://…, databricks:<catalog>.<schema>, or null."
  value       = try(local.table_settings.BRONZEGATE_TABLES, null)
}

output "databricks_grant" {
  description = "What somebody grants by hand in Databricks; null without a workspace."
  value = var.databricks == null ? null : join(" ", compact([
    "${var.databricks.host}: add the service principal ${local.identity.client_id} (an identity managed by Entra ID).",
    local.has_schema ? "Grant it USE CATALOG, USE SCHEMA, CREATE TABLE, SELECT and MODIFY for ${var.databricks.schema}, READ VOLUME or READ FILES on ${coalesce(var.databricks.files, local.target)}, and CAN USE on the warehouse ${var.databricks.warehouse_id}." : null,
  ]))
}

output "key_vault_name" {
  description = "Name of the vault of the sources' secrets."
  value       = local.vault
}

output "secret_commands" {
  description = "What puts each secret that the sources name into the vault, from a file that holds its value, and brings one back that was deleted and can be restored. Until then the streams that need it fail."
  value       = { for name in local.secrets : name => "az keyvault secret recover --vault-name ${local.vault} --name ${name} 2> /dev/null && sleep 20; az keyvault secret set --vault-name ${local.vault} --name ${name} --file <file>" }
}

output "rotated_secrets" {
  description = "The secrets that runs write back: refresh tokens."
  value       = sort(local.rotating_secrets)
}

output "queues" {
  description = "The storage account of the work queue and the poison queue, and their names."
  value = {
    account = azurerm_storage_account.host.name
    work    = azurerm_storage_queue.queue["work"].name
    poison  = azurerm_storage_queue.queue["poison"].name
  }
}

output "alert_rules" {
  description = "Resource IDs of the alert rules by kind: trouble, missed."
  value       = { for kind, rule in azurerm_monitor_scheduled_query_rules_alert_v2.rule : kind => rule.id }
}

output "queries" {
  description = "The KQL of each alert rule, to be run by hand in the workspace."
  value       = { for kind, rule in local.rules : kind => rule.query }
}

output "action_group_id" {
  description = "Action group that alerts go to."
  value       = local.action_group_id
}

output "workspace_id" {
  description = "Log Analytics workspace of the logs."
  value       = local.workspace_id
}

output "workbook_id" {
  description = "Resource ID of the workbook."
  value       = azurerm_application_insights_workbook.streams.id
}
