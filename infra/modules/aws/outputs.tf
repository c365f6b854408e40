output "function_name" {
  description = "Name of the function, for `aws lambda invoke`."
  value       = aws_lambda_function.run.function_name
}

output "function_arn" {
  description = "ARN of the function, without a version."
  value       = aws_lambda_function.run.arn
}

output "function_version_arn" {
  description = "ARN of the version that the state machine invokes."
  value       = aws_lambda_function.run.qualified_arn
}

output "role_arns" {
  description = "Roles of the function, the state machine and the schedules."
  value       = local.roles
}

output "role_policies" {
  description = "The policies of the three roles, as JSON: what existing roles must have."
  value = {
    function  = data.aws_iam_policy_document.function.json
    workflow  = data.aws_iam_policy_document.workflow.json
    scheduler = data.aws_iam_policy_document.scheduler.json
  }
}

output "bucket_grant" {
  description = "The statements, as JSON, that the owner of an existing bucket in another account adds to its policy."
  value       = data.aws_iam_policy_document.bucket_grant.json
}

output "log_group_arns" {
  description = "Log groups of the function and the state machine."
  value = {
    function = local.log_groups.function.arn
    workflow = local.log_groups.workflow.arn
  }
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

output "schedule_expressions" {
  description = "Scheduler's expression of each schedule, by <source>.<stream>."
  value       = local.expressions
}

output "schedules" {
  description = "Streams of each schedule, by its name: those of a source with the same times are one event."
  value       = { for name, group in local.groups : aws_scheduler_schedule.stream[name].name => formatlist("%s.%s", group.source, group.streams) }
}

output "store_policy" {
  description = "The part of the function's policy that concerns the bucket, as JSON."
  value       = data.aws_iam_policy_document.store.json
}

output "alarm_topic_arn" {
  description = "SNS topic to subscribe to."
  value       = local.topic_arn
}

output "dead_letter_queue_arn" {
  description = "ARN of the queue of the events that failed permanently."
  value       = aws_sqs_queue.dead_letters.arn
}

output "secret_commands" {
  description = "What puts each secret that the sources name into Secrets Manager, from a file that holds its value. Until then the streams that need it fail."
  value       = local.secret_commands
}

output "secret_names" {
  description = "The same secrets as Secrets Manager names them."
  value       = local.secret_ids
}

output "dead_letter_queue_url" {
  description = "Queue of the events that failed permanently."
  value       = aws_sqs_queue.dead_letters.id
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard."
  value       = aws_cloudwatch_dashboard.streams.dashboard_name
}
