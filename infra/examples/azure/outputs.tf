output "function_app_name" {
  description = "For `az functionapp`."
  value       = module.bronzegate.function_app_name
}

output "function_app_hostname" {
  description = "Host that a run or a backfill is posted to."
  value       = module.bronzegate.function_app_hostname
}

output "key_vault_name" {
  description = "Name of the vault of the sources' secrets."
  value       = module.bronzegate.key_vault_name
}

output "deploy_command" {
  description = "What deploys the package on the plan flex."
  value       = module.bronzegate.deploy_command
}

output "storage_command" {
  description = "What removes the empty AzureWebJobsStorage on the plan flex, after each apply."
  value       = module.bronzegate.storage_command
}

output "sync_command" {
  description = "What tells the plans consumption and premium of the package's functions."
  value       = module.bronzegate.sync_command
}

output "target" {
  description = "Where bronze is."
  value       = module.bronzegate.target
}

output "onelake_grant" {
  description = "What to grant in Fabric, where bronze is in OneLake."
  value       = module.bronzegate.onelake_grant
}

output "secret_commands" {
  description = "What puts the secrets into the vault."
  value       = module.bronzegate.secret_commands
}

output "identity" {
  description = "The function's identity."
  value       = module.bronzegate.identity
}

output "queues" {
  description = "The work queue and the poison queue."
  value       = module.bronzegate.queues
}

output "queries" {
  description = "The KQL of each alert rule."
  value       = module.bronzegate.queries
}

output "workbook_id" {
  description = "The workbook."
  value       = module.bronzegate.workbook_id
}

output "action_group_id" {
  description = "Action group that alerts go to."
  value       = module.bronzegate.action_group_id
}
