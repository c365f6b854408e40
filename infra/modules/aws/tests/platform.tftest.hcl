# What a platform brings along or adds: roles, packages, networks, keys, things of other accounts. The provider is played.

mock_provider "aws" {
  override_during = plan
  source          = "./tests/played"
}

variables {
  sources_path = "tests/sources"
  package      = "tests/empty.zip"
  bucket       = { name = "lake" }
}

run "roles_are_the_platforms" {
  command = plan

  variables {
    roles = {
      path                 = "/data/"
      permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
      function_policies    = { vpc = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole" }
    }
  }

  assert {
    condition     = alltrue([for role in [aws_iam_role.function[0], aws_iam_role.workflow[0], aws_iam_role.scheduler[0]] : role.path == "/data/" && role.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"])
    error_message = "each role has the path and the boundary"
  }
  assert {
    condition     = keys(aws_iam_role_policy_attachment.function) == ["vpc"]
    error_message = "the function has the further policy"
  }
}

run "a_run_stays_with_the_version_that_it_began_with" {
  command = plan

  assert {
    condition     = aws_lambda_function.run.publish && jsondecode(output.state_machine_definition).States.Invoke.Parameters.FunctionName == "arn:aws:lambda:eu-central-1:123456789012:function:bronzegate:7"
    error_message = "the definition names the version"
  }
}

run "the_package_may_be_an_image" {
  command = plan

  variables {
    package   = null
    image_uri = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/bronzegate:1.0.0"
  }

  assert {
    condition     = aws_lambda_function.run.package_type == "Image" && aws_lambda_function.run.runtime == null && aws_lambda_function.run.filename == null
    error_message = "an image has no runtime"
  }
}

run "the_package_may_be_an_object" {
  command = plan

  variables {
    package        = null
    package_object = { bucket = "artifacts", key = "bronzegate-aws.zip", version = "3sL4kqtJlcpXroDTDmJ" }
  }

  assert {
    condition     = aws_lambda_function.run.s3_key == "bronzegate-aws.zip" && aws_lambda_function.run.package_type == "Zip"
    error_message = "the object is the package"
  }
}

run "one_package_is_given" {
  command = plan

  variables {
    image_uri = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/bronzegate:1.0.0"
  }

  expect_failures = [var.package]
}

run "sources_may_be_in_a_folder_of_s3" {
  command = plan

  variables {
    sources_folder = "s3://config/bronzegate/sources"
  }

  assert {
    condition     = aws_lambda_function.run.environment[0].variables.BRONZEGATE_SOURCES == "s3://config/bronzegate/sources"
    error_message = "the function reads it"
  }
  assert {
    condition = {
      for statement in data.aws_iam_policy_document.function.statement : statement.sid => join(" ", statement.resources) if endswith(statement.sid, "Sources")
    } == { ReadSources = "arn:aws:s3:::config/bronzegate/sources/*", ListSources = "arn:aws:s3:::config" }
    error_message = "and nothing beside it: ${jsonencode(data.aws_iam_policy_document.function.statement)}"
  }
}

run "the_function_may_be_in_a_vpc" {
  command = plan

  variables {
    network = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition     = length(aws_lambda_function.run.vpc_config[0].subnet_ids) == 2 && contains([for statement in data.aws_iam_policy_document.function.statement : statement.sid], "Interfaces")
    error_message = "its interfaces are in the subnets"
  }
}

run "roles_and_log_groups_may_be_there_already" {
  command = plan

  variables {
    roles = { existing = { function = "arn:aws:iam::123456789012:role/data/reader", workflow = "arn:aws:iam::123456789012:role/runner", scheduler = "arn:aws:iam::123456789012:role/clock" } }
    logs  = { function_group = "/data/function", workflow_group = "/aws/vendedlogs/data" }
  }

  assert {
    condition     = length(aws_iam_role.function) + length(aws_iam_role.workflow) + length(aws_iam_role.scheduler) + length(aws_iam_role_policy.function) + length(aws_iam_role_policy.workflow) + length(aws_iam_role_policy.scheduler) + length(aws_cloudwatch_log_group.function) + length(aws_cloudwatch_log_group.workflow) == 0
    error_message = "nothing of them is made"
  }
  assert {
    condition = (
      aws_lambda_function.run.role == "arn:aws:iam::123456789012:role/data/reader" &&
      aws_sfn_state_machine.run.role_arn == "arn:aws:iam::123456789012:role/runner" &&
      alltrue([for schedule in aws_scheduler_schedule.stream : schedule.target[0].role_arn == "arn:aws:iam::123456789012:role/clock"]) &&
      aws_lambda_function.run.logging_config[0].log_group == "/data/function" &&
      aws_sfn_state_machine.run.logging_configuration[0].log_destination == "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vendedlogs/data:*"
    )
    error_message = "they are used"
  }
  assert {
    condition     = keys(output.role_policies) == ["function", "scheduler", "workflow"] && contains(flatten([for statement in data.aws_iam_policy_document.function.statement : statement.resources]), "arn:aws:logs:eu-central-1:123456789012:log-group:/data/function:*")
    error_message = "their owner is told what they need"
  }
}

run "further_policies_are_for_the_modules_role_only" {
  command = plan

  variables {
    roles = { existing = { function = "arn:aws:iam::123456789012:role/reader" }, function_policies = { more = "arn:aws:iam::aws:policy/More" } }
  }

  expect_failures = [var.roles]
}

run "a_bucket_and_secrets_may_be_another_accounts" {
  command = plan

  variables {
    bucket        = { name = "lake", create = false, owner = "210987654321" }
    tables        = { bucket = "gold", create = false, owner = "210987654321" }
    secret_prefix = "arn:aws:secretsmanager:eu-west-1:210987654321:secret:bronzegate/"
  }

  assert {
    condition     = aws_lambda_function.run.environment[0].variables.BRONZEGATE_BUCKET_OWNERS == "gold=210987654321,lake=210987654321"
    error_message = "the function writes into no bucket of somebody else: ${jsonencode(aws_lambda_function.run.environment[0].variables)}"
  }
  assert {
    condition     = [for statement in data.aws_iam_policy_document.function.statement : join(" ", statement.resources) if statement.sid == "ReadSecrets"] == ["arn:aws:secretsmanager:eu-west-1:210987654321:secret:bronzegate/*"] && aws_lambda_function.run.environment[0].variables.BRONZEGATE_SECRETS == "aws-secretsmanager:arn:aws:secretsmanager:eu-west-1:210987654321:secret:bronzegate/"
    error_message = "secrets are read by their ARN"
  }
  assert {
    condition     = { for statement in data.aws_iam_policy_document.bucket_grant.statement : statement.sid => join(" ", statement.resources) } == { BronzegateObjects = "arn:aws:s3:::lake/bronze/*", BronzegateBucket = "arn:aws:s3:::lake" }
    error_message = "the owner of the bucket is told whom to let in"
  }
}

run "a_bucket_of_the_module_is_expected_to_be_its_accounts" {
  command = plan

  assert {
    condition     = aws_lambda_function.run.environment[0].variables.BRONZEGATE_BUCKET_OWNERS == "lake=123456789012"
    error_message = "owners: ${jsonencode(aws_lambda_function.run.environment[0].variables)}"
  }
}

run "calls_may_go_by_a_proxy" {
  command = plan

  variables {
    network = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
    proxy   = { https = "http://proxy.corp.example:3128", no_proxy = ".amazonaws.com" }
  }

  assert {
    condition     = aws_lambda_function.run.environment[0].variables.HTTPS_PROXY == "http://proxy.corp.example:3128" && aws_lambda_function.run.environment[0].variables.NO_PROXY == ".amazonaws.com" && !contains(keys(aws_lambda_function.run.environment[0].variables), "HTTP_PROXY")
    error_message = "the usual variables"
  }
}

run "a_proxy_needs_a_network_and_has_no_password" {
  command = plan

  variables {
    proxy = { https = "http://user:password@proxy.corp.example:3128" }
  }

  expect_failures = [var.proxy]
}

run "deployments_share_no_alarm" {
  command = plan

  variables {
    name = "lake"
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.health : alarm.namespace == "Bronzegate/lake" && startswith(alarm.alarm_name, "lake-")])
    error_message = "the namespace has the deployment's name"
  }
  assert {
    condition     = alltrue([for name in [aws_lambda_function.run.function_name, aws_sfn_state_machine.run.name, aws_scheduler_schedule_group.streams.name, aws_cloudwatch_dashboard.streams.dashboard_name, aws_sqs_queue.dead_letters.name, aws_sns_topic.alarms[0].name, aws_cloudwatch_event_rule.failed.name, aws_cloudwatch_metric_alarm.workflow.alarm_name, aws_iam_role.function[0].name] : startswith(name, "lake")])
    error_message = "nothing of the two has the same name"
  }
}

run "a_key_of_ones_own_encrypts_objects_secrets_and_logs" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:210987654321:key/lake"
    logs        = { kms_key_arn = "arn:aws:kms:eu-central-1:210987654321:key/logs" }
    tables      = { bucket = "gold" }
  }

  assert {
    condition = alltrue([
      for rule in concat(tolist(aws_s3_bucket_server_side_encryption_configuration.bronze[0].rule), tolist(aws_s3_bucket_server_side_encryption_configuration.tables[0].rule)) :
      rule.bucket_key_enabled && rule.apply_server_side_encryption_by_default[0].kms_master_key_id == "arn:aws:kms:eu-central-1:210987654321:key/lake"
    ])
    error_message = "both buckets use the key, which may be another account's"
  }
  assert {
    condition     = [for statement in data.aws_iam_policy_document.function.statement : "${join(" ", sort(statement.actions))} on ${join(" ", statement.resources)}" if statement.sid == "UseKey"] == ["kms:Decrypt kms:GenerateDataKey on arn:aws:kms:eu-central-1:210987654321:key/lake"]
    error_message = "the function may use it"
  }
  assert {
    condition     = strcontains(output.secret_commands["shop-token"], "create-secret --name bronzegate/shop-token --kms-key-id arn:aws:kms:eu-central-1:210987654321:key/lake ")
    error_message = "secrets are made with it: ${output.secret_commands["shop-token"]}"
  }
  assert {
    condition     = alltrue([for group in [aws_cloudwatch_log_group.function[0], aws_cloudwatch_log_group.workflow[0]] : group.kms_key_id == "arn:aws:kms:eu-central-1:210987654321:key/logs"])
    error_message = "logs have their own"
  }
}

run "an_existing_topic_is_used_and_not_made" {
  command = plan

  variables {
    alarm_topic_arn = "arn:aws:sns:eu-central-1:210987654321:people"
    alarms          = { subscriptions = { team = { protocol = "email", endpoint = "data@example.com" } } }
  }

  assert {
    condition     = length(aws_sns_topic.alarms) + length(aws_sns_topic_policy.alarms) + length(aws_kms_key.topic) == 0
    error_message = "neither a topic nor its key is made"
  }
  assert {
    condition = alltrue([
      for arn in concat([aws_cloudwatch_event_target.failed.arn, aws_sns_topic_subscription.alarms["team"].topic_arn, output.alarm_topic_arn], flatten([for alarm in concat(values(aws_cloudwatch_metric_alarm.health), [aws_cloudwatch_metric_alarm.workflow, aws_cloudwatch_metric_alarm.dead_letters]) : concat(tolist(alarm.alarm_actions), tolist(alarm.ok_actions))])) :
      arn == "arn:aws:sns:eu-central-1:210987654321:people"
    ])
    error_message = "everything is told to it"
  }
}

run "an_existing_bucket_is_used_and_not_made" {
  command = plan

  variables {
    bucket = { name = "lake", create = false, prefix = "raw/bronze" }
  }

  assert {
    condition = length(concat(
      aws_s3_bucket.bronze, aws_s3_bucket_policy.bronze, aws_s3_bucket_versioning.bronze, aws_s3_bucket_public_access_block.bronze,
      aws_s3_bucket_ownership_controls.bronze, aws_s3_bucket_server_side_encryption_configuration.bronze, aws_s3_bucket_lifecycle_configuration.bronze,
    )) == 0
    error_message = "nothing of it is made or changed"
  }
  assert {
    condition     = output.target == "s3://lake/raw/bronze" && data.aws_iam_policy_document.store.statement[0].resources == toset(["arn:aws:s3:::lake/raw/bronze/*"])
    error_message = "the function writes below the prefix: ${output.target}"
  }
}

run "a_renamed_source_keeps_its_credential" {
  command = plan

  variables {
    sources_path = "tests/renamed"
  }

  assert {
    condition     = output.secret_names == { shop-token = "bronzegate/shop-token" }
    error_message = "the secret is called as the file says, not as the source is: ${jsonencode(output.secret_names)}"
  }
}

run "outputs_name_what_other_roots_need" {
  command = plan

  assert {
    condition = (
      output.function_arn == "arn:aws:lambda:eu-central-1:123456789012:function:bronzegate" &&
      output.function_version_arn == "${output.function_arn}:7" &&
      output.state_machine_arn == "arn:aws:states:eu-central-1:123456789012:stateMachine:bronzegate" &&
      output.dead_letter_queue_arn == "arn:aws:sqs:eu-central-1:123456789012:bronzegate-dead-letters" &&
      output.alarm_topic_arn == "arn:aws:sns:eu-central-1:123456789012:bronzegate-alarms"
    )
    error_message = "function, state machine, queue, topic"
  }
  assert {
    condition     = keys(output.role_arns) == ["function", "scheduler", "workflow"] && keys(output.log_group_arns) == ["function", "workflow"] && alltrue([for arn in concat(values(output.role_arns), values(output.log_group_arns)) : startswith(arn, "arn:aws:")])
    error_message = "roles and log groups: ${jsonencode([output.role_arns, output.log_group_arns])}"
  }
}
