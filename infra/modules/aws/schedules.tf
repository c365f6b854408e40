resource "aws_scheduler_schedule_group" "streams" {
  name = var.name
  tags = var.tags
}

resource "aws_scheduler_schedule" "stream" {
  #checkov:skip=CKV_AWS_297: the event names a source and a stream, nothing that needs a key
  for_each = local.groups

  # Scheduler takes 64 characters; a name that is longer is cut, and told apart by its digest.
  name        = length(each.key) <= 64 ? each.key : "${substr(each.key, 0, 55)}-${substr(sha256(each.key), 0, 8)}"
  description = "${each.value.source}: ${length(each.value.streams) > 8 ? "${length(each.value.streams)} streams" : join(", ", each.value.streams)}"
  group_name  = aws_scheduler_schedule_group.streams.name
  state       = var.schedules.enabled ? "ENABLED" : "DISABLED"

  schedule_expression          = local.expressions[each.value.key]
  schedule_expression_timezone = each.value.timezone

  flexible_time_window {
    mode                      = var.schedules.flexible_window_minutes == 0 ? "OFF" : "FLEXIBLE"
    maximum_window_in_minutes = var.schedules.flexible_window_minutes == 0 ? null : var.schedules.flexible_window_minutes
  }

  target {
    arn      = aws_sfn_state_machine.run.arn
    role_arn = local.roles.scheduler
    # Not jsonencode: it would write the < and > of Scheduler's own word as \u003c and \u003e.
    input = "{\"source\":\"${each.value.source}\",\"streams\":${jsonencode(each.value.streams)},\"scheduled_time\":\"<aws.scheduler.scheduled-time>\"}"

    retry_policy {
      maximum_retry_attempts       = var.schedules.retry_attempts
      maximum_event_age_in_seconds = var.schedules.retry_age_seconds
    }
    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }
  }

  lifecycle {
    precondition {
      condition     = local.cron_valid[each.value.key]
      error_message = "${local.crons[each.value.key].id}: the schedule must be `every` (a divisor of an hour or a day) or a cron of five fields of which day of month or day of week is *."
    }
  }
}

# Looks at the log of each stream that has a schedule. It runs nothing, so it needs no state machine.
resource "aws_scheduler_schedule" "watch" {
  #checkov:skip=CKV_AWS_297: the event holds nothing that needs a key
  name        = "${var.name}-watch"
  description = "Reports scheduled runs that are missing."
  group_name  = aws_scheduler_schedule_group.streams.name
  state       = var.schedules.enabled ? "ENABLED" : "DISABLED"

  # Not on the hour, when most runs begin.
  schedule_expression = "cron(37 * * * ? *)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.run.qualified_arn
    role_arn = local.roles.scheduler
    input    = jsonencode({ watch = { grace = "${var.thresholds.missed_grace_minutes + var.schedules.flexible_window_minutes}m" } })

    retry_policy {
      maximum_retry_attempts       = 1
      maximum_event_age_in_seconds = 900
    }
    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }
  }
}

data "aws_iam_policy_document" "scheduler_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    sid       = "Start"
    actions   = ["states:StartExecution"]
    resources = [aws_sfn_state_machine.run.arn]
  }
  statement {
    sid       = "Watch"
    actions   = ["lambda:InvokeFunction"]
    resources = ["${aws_lambda_function.run.arn}:*"]
  }
  statement {
    sid       = "DeadLetters"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead_letters.arn]
  }
}

resource "aws_iam_role" "scheduler" {
  count = var.roles.existing.scheduler == null ? 1 : 0

  name                 = "${var.name}-scheduler"
  path                 = var.roles.path
  permissions_boundary = var.roles.permissions_boundary
  assume_role_policy   = data.aws_iam_policy_document.scheduler_assume.json
  tags                 = var.tags
}

resource "aws_iam_role_policy" "scheduler" {
  count = var.roles.existing.scheduler == null ? 1 : 0

  name   = "start"
  role   = aws_iam_role.scheduler[0].id
  policy = data.aws_iam_policy_document.scheduler.json
}
