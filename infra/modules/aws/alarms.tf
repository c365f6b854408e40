locals {
  namespace  = "Bronzegate"
  topic_arn  = var.alarm_topic_arn == null ? aws_sns_topic.alarms[0].arn : var.alarm_topic_arn
  dimensions = { for id, stream in local.streams : id => { Source = stream.source, Stream = stream.stream, Environment = var.environment } }

  health = {
    records  = { metric = "RecordsRatio", statistic = "Minimum", operator = "LessThanThreshold", threshold = var.thresholds.records_ratio, says = "brought far fewer records than its runs before" }
    duration = { metric = "DurationRatio", statistic = "Maximum", operator = "GreaterThanThreshold", threshold = var.thresholds.duration_ratio, says = "took far longer than its runs before" }
    errors   = { metric = "ErrorRate", statistic = "Maximum", operator = "GreaterThanThreshold", threshold = var.thresholds.error_rate, says = "had too many requests fail, in percent" }
    failed   = { metric = "RunFailed", statistic = "Sum", operator = "GreaterThanThreshold", threshold = 0, says = "failed" }
    breaches = { metric = "Breaches", statistic = "Sum", operator = "GreaterThanThreshold", threshold = 0, says = "is outside of what its source file expects" }
  }
  health_alarms = merge([
    for id in keys(local.streams) : { for kind, alarm in local.health : "${id}.${kind}" => merge(alarm, { id = id }) }
  ]...)

  # Where clocks change, a day has 25 hours once a year.
  watch_minutes = {
    for id, gap in local.gap_minutes : id => gap + var.thresholds.missed_grace_minutes + var.schedules.flexible_window_minutes + (
      try(local.scheduled[id].schedule.timezone, "UTC") == "UTC" ? 0 : 60
    )
  }
  # CloudWatch looks back a day at most in periods below an hour, and 7 days in periods of an hour.
  watched = {
    for id, minutes in local.watch_minutes : id => {
      period  = minutes <= 1440 ? 300 : 3600
      periods = ceil(minutes / (minutes <= 1440 ? 5 : 60))
    } if minutes <= 7 * 1440 && var.schedules.enabled
  }
  unwatched = sort([for id, minutes in local.watch_minutes : id if minutes > 7 * 1440])
}

resource "aws_cloudwatch_metric_alarm" "health" {
  for_each = local.health_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "A run of ${each.value.id} ${each.value.says}."
  namespace           = local.namespace
  metric_name         = each.value.metric
  dimensions          = local.dimensions[each.value.id]
  statistic           = each.value.statistic
  comparison_operator = each.value.operator
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "missed" {
  for_each = local.watched

  alarm_name          = "${var.name}-${each.key}.missed"
  alarm_description   = "No run of ${each.key} completed in ${local.watch_minutes[each.key]} minutes: the longest time between two runs, and grace."
  namespace           = local.namespace
  metric_name         = "RunCompleted"
  dimensions          = local.dimensions[each.key]
  statistic           = "Sum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = each.value.period
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.periods
  treat_missing_data  = "breaching"
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]
  tags                = var.tags
}

check "every_schedule_is_watched" {
  assert {
    condition     = length(local.unwatched) == 0
    error_message = "no alarm for a missed run, because CloudWatch looks back 7 days at most: ${join(", ", local.unwatched)}"
  }
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${var.name}-dead-letters"
  alarm_description   = "A schedule could not start a run, or an invocation was given up."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "workflow" {
  # A stopped or timed out execution counts as its own metric.
  for_each = toset(["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"])

  alarm_name          = "${var.name}-${each.value}"
  alarm_description   = "An execution of the state machine ended without success: a run that failed permanently, or a backfill with failed windows."
  namespace           = "AWS/States"
  metric_name         = each.value
  dimensions          = { StateMachineArn = aws_sfn_state_machine.run.arn }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]
  tags                = var.tags
}
