# What a plan makes of the source files. No account and no network: the provider is played.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-central-1" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:bronzegate" }
  }
  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:eu-central-1:123456789012:stateMachine:bronzegate" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-central-1:123456789012:bronzegate-dead-letters" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/bronzegate" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:bronzegate" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:bronzegate-alarms" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/topic" }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:made" }
  }
}

variables {
  sources_path = "tests/sources"
  package      = "tests/empty.zip"
  bucket       = { name = "lake" }
}

run "schedules_become_expressions_aligned_to_the_clock" {
  command = plan

  expect_failures = [check.every_schedule_is_watched]

  assert {
    condition = output.schedule_expressions == {
      "shop.quarter"   = "cron(*/15 * * * ? *)"
      "shop.ninety.0"  = "cron(0 0,3,6,9,12,15,18,21 * * ? *)"
      "shop.ninety.30" = "cron(30 1,4,7,10,13,16,19,22 * * ? *)"
      "shop.sixth"     = "cron(0 */6 * * ? *)"
      "shop.daily"     = "cron(0 0 * * ? *)"
      "shop.workdays"  = "cron(30 2 ? * MON-FRI *)"
      "shop.twice"     = "cron(0 6,18 * * ? *)"
      "shop.weekly"    = "cron(0 5 ? * SUN *)"
      "shop.fifths"    = "cron(0 0 */5 * ? *)"
      "shop.monthly"   = "cron(0 0 1 * ? *)"
      "shop.summer"    = "cron(0 0 * JUN ? *)"
    }
    error_message = "expressions: ${jsonencode(output.schedule_expressions)}"
  }
  assert {
    condition     = aws_scheduler_schedule.stream["shop.workdays"].schedule_expression_timezone == "Europe/Berlin"
    error_message = "the time zone is the file's"
  }
  assert {
    condition     = aws_scheduler_schedule.stream["shop.daily"].target[0].input == "{\"source\":\"shop\",\"stream\":\"daily\",\"scheduled_time\":\"<aws.scheduler.scheduled-time>\"}"
    error_message = "the input is the event with Scheduler's own word"
  }
}

run "missed_runs_are_seen_after_the_longest_gap_and_grace" {
  command = plan

  expect_failures = [check.every_schedule_is_watched]

  assert {
    condition = local.gap_minutes == {
      "shop.quarter"  = 15
      "shop.ninety"   = 90
      "shop.sixth"    = 360
      "shop.daily"    = 1440
      "shop.workdays" = 4320
      "shop.twice"    = 720
      "shop.weekly"   = 10080
      "shop.fifths"   = 7200
      "shop.monthly"  = 44640
      "shop.summer"   = 525600
    }
    error_message = "gaps: ${jsonencode(local.gap_minutes)}"
  }
  assert {
    condition     = jsonencode(output.unwatched_schedules) == jsonencode(["shop.monthly", "shop.summer", "shop.weekly"])
    error_message = "unwatched: ${jsonencode(output.unwatched_schedules)}"
  }
  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.missed :
      alarm.treat_missing_data == "breaching" && alarm.period * alarm.evaluation_periods <= (alarm.period < 3600 ? 86400 : 604800)
    ])
    error_message = "an alarm is beyond CloudWatch's limits"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.missed["shop.workdays"].evaluation_periods == 74 && aws_cloudwatch_metric_alarm.missed["shop.workdays"].period == 3600
    error_message = "three days, an hour of grace and an hour for the change of clocks"
  }
  assert {
    condition     = !contains(keys(aws_cloudwatch_metric_alarm.missed), "shop.unscheduled") && contains(keys(aws_cloudwatch_metric_alarm.health), "shop.unscheduled.failed")
    error_message = "a stream without a schedule has every alarm but that of a missed run"
  }
}

run "secrets_are_found_at_every_depth" {
  command = plan

  expect_failures = [check.every_schedule_is_watched]

  assert {
    condition     = keys(aws_secretsmanager_secret.source) == ["ledger-account", "ledger-client", "ledger-client-secret", "ledger-login", "ledger-own", "ledger-refresh-token", "ledger-subject", "ledger-tenant", "shop-token"]
    error_message = "secrets: ${jsonencode(keys(aws_secretsmanager_secret.source))}"
  }
  assert {
    condition     = local.rotating_secrets == toset(["ledger-own", "ledger-refresh-token"])
    error_message = "only refresh tokens are written back"
  }
}

run "only_refresh_tokens_may_be_written" {
  command = plan

  variables {
    existing_secret_arns = {
      ledger-own           = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bronzegate/ledger-own-AbCdEf"
      ledger-refresh-token = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bronzegate/ledger-refresh-token-AbCdEf"
    }
  }

  expect_failures = [check.every_schedule_is_watched]

  assert {
    condition = jsonencode([
      for statement in data.aws_iam_policy_document.function.statement :
      { actions = sort(statement.actions), resources = sort(statement.resources) } if contains(statement.actions, "secretsmanager:PutSecretValue")
      ]) == jsonencode([{
        actions = ["secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"]
        resources = [
          "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bronzegate/ledger-own-AbCdEf",
          "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bronzegate/ledger-refresh-token-AbCdEf",
        ]
    }])
    error_message = "statements: ${jsonencode(data.aws_iam_policy_document.function.statement)}"
  }
}

run "existing_secrets_are_not_made" {
  command = plan

  variables {
    existing_secret_arns = { shop-token = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bronzegate/shop-token-AbCdEf" }
  }

  expect_failures = [check.every_schedule_is_watched]

  assert {
    condition     = !contains(keys(aws_secretsmanager_secret.source), "shop-token") && endswith(output.secret_arns["shop-token"], "shop-token-AbCdEf")
    error_message = "the given secret is used"
  }
}

run "the_store_is_reached_in_the_sources_folders_only" {
  command = plan

  expect_failures = [check.every_schedule_is_watched]

  assert {
    condition = toset(data.aws_iam_policy_document.store.statement[0].resources) == toset([
      "arn:aws:s3:::lake/bronze/ledger/*", "arn:aws:s3:::lake/bronze/shop/*", "arn:aws:s3:::lake/bronze/_bronzegate/*",
    ])
    error_message = "writes go to the sources' folders and the log"
  }
  assert {
    condition     = one(data.aws_iam_policy_document.store.statement[2].condition).test == "StringLikeIfExists"
    error_message = "a missing key is 404 only if ListBucket is allowed where there is no s3:prefix"
  }
  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.function.statement :
      !contains(statement.resources, "*")
    ])
    error_message = "without X-Ray nothing is allowed on every resource"
  }
}

run "the_definition_is_json" {
  command = plan

  expect_failures = [check.every_schedule_is_watched]

  assert {
    condition     = jsondecode(output.state_machine_definition).States.Windows.MaxConcurrency == 4
    error_message = "the concurrency is the variable's"
  }
}

run "schedules_that_platforms_do_not_agree_on_are_refused" {
  command = plan

  variables {
    sources_path = "tests/refused"
  }

  expect_failures = [aws_scheduler_schedule.stream["both.days"], aws_scheduler_schedule.stream["both.seven"]]
}

run "values_out_of_range_are_refused" {
  command = plan

  variables {
    name                 = "Bronze Gate"
    architecture         = "riscv"
    function             = { timeout_seconds = 901 }
    logs                 = { retention_days = 42 }
    kms_key_arn          = "alias/mine"
    existing_secret_arns = { shop-token = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:other-AbCdEf" }
    secret_recovery_days = 3
    workflow             = { backfill_concurrency = 0 }
    thresholds           = { missed_grace_minutes = 1 }
    schedules            = { flexible_window_minutes = 2000 }
  }

  expect_failures = [
    var.name, var.architecture, var.function, var.logs, var.kms_key_arn, var.existing_secret_arns,
    var.secret_recovery_days, var.workflow, var.thresholds, var.schedules,
  ]
}
