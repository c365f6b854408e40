output "state_machine_arn" {
  description = "For `aws stepfunctions start-execution`."
  value       = module.bronzegate.state_machine_arn
}

output "state_machine_definition" {
  description = "Definition of the state machine, as JSON."
  value       = module.bronzegate.state_machine_definition
}

output "function_name" {
  description = "For `aws lambda invoke`."
  value       = module.bronzegate.function_name
}

output "target" {
  description = "Where bronze is."
  value       = module.bronzegate.target
}

output "secret_commands" {
  description = "What puts each secret in."
  value       = module.bronzegate.secret_commands
}

output "store_policy" {
  description = "What the function may do in the bucket, as JSON."
  value       = module.bronzegate.store_policy
}

output "alarm_topic_arn" {
  description = "Topic to subscribe to."
  value       = module.bronzegate.alarm_topic_arn
}
