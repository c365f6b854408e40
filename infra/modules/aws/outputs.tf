output "function_name" {
  description = "Name of the function, for `aws lambda invoke`."
  value       = aws_lambda_function.run.function_name
}

output "state_machine_arn" {
  description = "ARN of the state machine, for `aws stepfunctions start-execution`."
  value       = aws_sfn_state_machine.run.arn
}

output "state_machine_definition" {
  description = "Definition of the state machine, as JSON."
  value       = local.definition
}

output "target" {
  description = "Where bronze is: s3://bucket/prefix."
  value       = aws_lambda_function.run.environment[0].variables.BRONZEGATE_TARGET
}

output "tables" {
  description = "Where tables are: s3://bucket/prefix, databricks:<catalog>.<schema>, or null."
  value       = try(local.table_variables.BRONZEGATE_TABLES, null)
}

output "databricks_secret" {
  description = "Name of the secret that the service principal's OAuth secret is to be put in, or null."
  value       = local.databricks_secret
}

output "secret_arns" {
  description = "The secrets that the sources name, by name. Those that the module made are empty until a value is put in."
  value       = local.secret_arns
}

output "schedule_expressions" {
  description = "Scheduler's expression of each schedule, by <source>.<stream>."
  value       = local.expressions
}

output "unwatched_schedules" {
  description = "Streams that run too seldom for a missed-run alarm: longest time between two runs, with grace, beyond 7 days."
  value       = local.unwatched
}

output "store_policy" {
  description = "The part of the function's policy that concerns the bucket, as JSON."
  value       = data.aws_iam_policy_document.store.json
}

output "alarm_topic_arn" {
  description = "SNS topic to subscribe to."
  value       = local.topic_arn
}

output "dead_letter_queue_url" {
  description = "Queue of the events that failed permanently."
  value       = aws_sqs_queue.dead_letters.id
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard."
  value       = aws_cloudwatch_dashboard.streams.dashboard_name
}
