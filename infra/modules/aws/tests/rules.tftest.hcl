# What a plan makes of the source files. No account and no network: the provider is played.

mock_provider "aws" {
  override_during = plan
  source          = "./tests/played"
}

variables {
  sources_path = "tests/sources"
  package      = "tests/empty.zip"
  bucket       = { name = "lake" }
}

run "schedules_become_expressions_aligned_to_the_clock" {
  command = plan

  assert {
    condition = output.schedule_expressions == {
      "shop.quarter"   = "cron(*/15 * * * ? *)"
      "shop.ninety.0"  = "cron(0 0,3,6,9,12,15,18,21 * * ? *)"
      "shop.ninety.30" = "cron(30 1,4,7,10,13,16,19,22 * * ? *)"
      "shop.sixth"     = "cron(0 */6 * * ? *)"
      "shop.daily"     = "cron(0 0 * * ? *)"
      "shop.nightly"   = "cron(0 0 * * ? *)"
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
    condition     = aws_scheduler_schedule.stream["shop.30.2.x.x.MON-FRI.Europe--Berlin"].schedule_expression_timezone == "Europe/Berlin"
    error_message = "the time zone is the file's"
  }
  assert {
    condition     = aws_scheduler_schedule.stream["shop.0.0.x.x.x"].target[0].input == "{\"source\":\"shop\",\"streams\":[\"daily\",\"nightly\"],\"scheduled_time\":\"<aws.scheduler.scheduled-time>\"}"
    error_message = "the input is the event with Scheduler's own word"
  }
}

run "the_definition_is_json" {
  command = plan

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

  expect_failures = [aws_scheduler_schedule.stream]
}

run "streams_of_a_source_with_the_same_times_are_one_event" {
  command = plan

  assert {
    condition     = output.schedules["shop.0.0.x.x.x"] == tolist(["shop.daily", "shop.nightly"]) && length(aws_scheduler_schedule.stream) == 11
    error_message = "`every: 1d` and a cron of the same times: ${jsonencode(output.schedules)}"
  }
  assert {
    condition     = alltrue([for schedule in aws_scheduler_schedule.stream : can(regex("^[0-9A-Za-z_.-]{1,64}$", schedule.name))])
    error_message = "a name that Scheduler does not take"
  }
}

run "what_is_missing_or_unexpected_has_an_alarm_for_each_stream_and_nothing_else_has_a_metric" {
  command = plan

  assert {
    condition     = length([for id in keys(aws_cloudwatch_metric_alarm.health) : id if endswith(id, ".missed")]) == length(local.scheduled) && contains(keys(aws_cloudwatch_metric_alarm.health), "shop.unscheduled.breaches")
    error_message = "a stream without a schedule misses none: ${jsonencode(keys(aws_cloudwatch_metric_alarm.health))}"
  }
  assert {
    condition     = toset([for alarm in aws_cloudwatch_metric_alarm.health : alarm.metric_name]) == toset(["Missed", "Breaches"])
    error_message = "each metric of each stream is billed"
  }
  assert {
    condition     = jsondecode(aws_scheduler_schedule.watch.target[0].input) == { watch = { grace = "60m" } }
    error_message = "the watch is an event"
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.failed.event_pattern).detail.stateMachineArn == [local.workflow_arn] && strcontains(aws_cloudwatch_event_target.failed.input_transformer[0].input_template, "\"event\":<event>")
    error_message = "a failed execution is told with its event"
  }
}

run "streams_may_have_no_alarms_of_their_own" {
  command = plan

  variables {
    alarms = { streams = false }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.health) == 0 && aws_cloudwatch_metric_alarm.workflow.alarm_name == "bronzegate-ExecutionsFailed"
    error_message = "what is of the deployment is still watched"
  }
}

run "without_actions_nobody_is_told" {
  command = plan

  variables {
    alarms = {
      actions_enabled = false
      subscriptions   = { team = { protocol = "email", endpoint = "data@example.com" } }
    }
    schedules = { enabled = false }
  }

  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.health), [aws_cloudwatch_metric_alarm.workflow, aws_cloudwatch_metric_alarm.dead_letters]) : !alarm.actions_enabled]) && aws_cloudwatch_event_rule.failed.state == "DISABLED"
    error_message = "an action is left"
  }
  assert {
    condition     = aws_sns_topic_subscription.alarms["team"].endpoint == "data@example.com" && aws_scheduler_schedule.watch.state == "DISABLED"
    error_message = "the subscription stays"
  }
  assert {
    condition     = !anytrue([for id in keys(aws_cloudwatch_metric_alarm.health) : endswith(id, ".missed")])
    error_message = "what is not scheduled is not missing"
  }
}

run "secrets_are_found_at_every_depth_and_are_not_made" {
  command = plan

  assert {
    condition     = keys(output.secret_names) == ["ledger-account", "ledger-client", "ledger-client-secret", "ledger-login", "ledger-own", "ledger-refresh-token", "ledger-subject", "ledger-tenant", "shop-token"]
    error_message = "secrets: ${jsonencode(output.secret_names)}"
  }
  assert {
    condition     = local.rotating_secrets == toset(["ledger-own", "ledger-refresh-token"])
    error_message = "only refresh tokens are written back"
  }
  assert {
    condition     = output.secret_commands["shop-token"] == "aws secretsmanager restore-secret --secret-id bronzegate/shop-token 2> /dev/null; aws secretsmanager put-secret-value --secret-id bronzegate/shop-token --secret-string file://<file> || aws secretsmanager create-secret --name bronzegate/shop-token --secret-string file://<file>"
    error_message = output.secret_commands["shop-token"]
  }
}

run "secrets_are_read_by_their_prefix_and_only_refresh_tokens_may_be_written" {
  command = plan

  assert {
    condition = jsonencode([
      for statement in data.aws_iam_policy_document.function.statement :
      { actions = sort(statement.actions), resources = sort(statement.resources) } if strcontains(jsonencode(statement.actions), "secretsmanager")
      ]) == jsonencode([
      {
        actions   = ["secretsmanager:GetSecretValue"]
        resources = ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:bronzegate/*"]
      },
      {
        actions = ["secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"]
        resources = [
          "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bronzegate/ledger-own-??????",
          "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bronzegate/ledger-refresh-token-??????",
        ]
      },
    ])
    error_message = "statements: ${jsonencode(data.aws_iam_policy_document.function.statement)}"
  }
}

run "the_store_is_reached_below_the_prefix_only" {
  command = plan

  assert {
    condition     = data.aws_iam_policy_document.store.statement[0].resources == toset(["arn:aws:s3:::lake/bronze/*"])
    error_message = "writes go below the prefix"
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

run "without_prefixes_each_source_and_secret_is_named" {
  command = plan

  variables {
    bucket        = { name = "lake", prefix = "" }
    secret_prefix = ""
  }

  assert {
    condition     = data.aws_iam_policy_document.store.statement[0].resources == toset(["arn:aws:s3:::lake/ledger/*", "arn:aws:s3:::lake/shop/*", "arn:aws:s3:::lake/_bronzegate/*"])
    error_message = "others may use the bucket"
  }
  assert {
    condition     = contains(data.aws_iam_policy_document.function.statement[0].resources, "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-token-??????") && length(data.aws_iam_policy_document.function.statement[0].resources) == 9
    error_message = "others may use the vault"
  }
}

run "values_out_of_range_are_refused" {
  command = plan

  variables {
    name         = "Bronze Gate"
    architecture = "riscv"
    function     = { timeout_seconds = 901 }
    logs         = { retention_days = 42 }
    kms_key_arn  = "alias/mine"
    workflow     = { backfill_concurrency = 0 }
    thresholds   = { missed_grace_minutes = 1 }
    schedules    = { flexible_window_minutes = 2000 }
    roles        = { path = "data" }
    alarms       = { subscriptions = { team = { protocol = "pigeon", endpoint = "roof" } } }
  }

  expect_failures = [
    var.name, var.architecture, var.function, var.logs, var.kms_key_arn, var.workflow, var.thresholds, var.schedules,
    var.roles, var.alarms,
  ]
}

run "replaced_versions_of_the_log_are_removed_after_a_week" {
  command = plan

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.bronze[0].rule : rule.filter[0].prefix if rule.id == "expire-noncurrent-versions-of-the-log" && try(rule.noncurrent_version_expiration[0].noncurrent_days, 0) == 7] == ["bronze/_bronzegate/"]
    error_message = "rules: ${jsonencode(aws_s3_bucket_lifecycle_configuration.bronze[0].rule)}"
  }
}

run "a_channel_of_slack_shows_alarms_and_can_do_nothing" {
  command = plan

  variables {
    alarms = { slack = { team_id = "T07EA123LEP", channel_id = "C07EZ1ABC23" } }
  }

  assert {
    condition = (
      aws_chatbot_slack_channel_configuration.alarms[0].sns_topic_arns == toset(["arn:aws:sns:eu-central-1:123456789012:bronzegate-alarms"]) &&
      aws_chatbot_slack_channel_configuration.alarms[0].guardrail_policy_arns == tolist(["arn:aws:iam::aws:policy/AWSDenyAll"])
    )
    error_message = "it listens to the topic: ${jsonencode(aws_chatbot_slack_channel_configuration.alarms[0])}"
  }
}

run "what_is_throttled_is_tried_again_for_half_an_hour" {
  command = plan

  assert {
    # With full jitter a wait is half of its interval on average: 2, 4, 8, 16 and 32 s, and 60 s from then on.
    condition = [
      for rule in jsondecode(output.state_machine_definition).States.Invoke.Retry : floor(((2 + 4 + 8 + 16 + 32) + (rule.MaxAttempts - 5) * rule.MaxDelaySeconds) / 2 / 60)
      if contains(rule.ErrorEquals, "Lambda.TooManyRequestsException") && contains(rule.ErrorEquals, "Lambda.ClientExecutionTimeoutException") && try(rule.JitterStrategy, "") == "FULL"
    ] == [30]
    error_message = "minutes: ${jsonencode(jsondecode(output.state_machine_definition).States.Invoke.Retry)}"
  }
  assert {
    condition     = [for rule in jsondecode(output.state_machine_definition).States.Invoke.Retry : rule.ErrorEquals if rule.MaxAttempts == 0] == [["config", "auth", "data"]] && reverse(jsondecode(output.state_machine_definition).States.Invoke.Retry)[0].ErrorEquals == ["States.ALL"]
    error_message = "these are never tried again, and all others are"
  }
}

run "a_failed_execution_is_a_message_of_json_that_names_its_streams" {
  command = plan

  assert {
    condition = jsondecode(replace(replace(replace(replace(replace(
      aws_cloudwatch_event_target.failed.input_transformer[0].input_template,
      "<status>", jsonencode("FAILED")),
      "<event>", jsonencode("{\"source\":\"shop\",\"streams\":[\"daily\",\"nightly\"]}")),
      "<error>", jsonencode("data")),
      "<cause>", jsonencode("shop/daily failed: it says \"why\"")),
      "<execution>", jsonencode("arn:aws:states:eu-central-1:123456789012:execution:bronzegate:1"))) == {
      deployment  = "bronzegate"
      environment = "dev"
      status      = "FAILED"
      event       = "{\"source\":\"shop\",\"streams\":[\"daily\",\"nightly\"]}"
      error       = "data"
      cause       = "shop/daily failed: it says \"why\""
      execution   = "arn:aws:states:eu-central-1:123456789012:execution:bronzegate:1"
    }
    error_message = "the template: ${aws_cloudwatch_event_target.failed.input_transformer[0].input_template}"
  }
  assert {
    condition     = aws_cloudwatch_event_target.failed.input_transformer[0].input_paths == tomap({ status = "$.detail.status", event = "$.detail.input", error = "$.detail.error", cause = "$.detail.cause", execution = "$.detail.executionArn" })
    error_message = "its values are those of the event of Step Functions"
  }
}
