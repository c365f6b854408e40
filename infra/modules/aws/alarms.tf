# What somebody is said of: runs that failed, runs that are missing, runs outside of what their files expect.
#
# Only trouble has metrics. CloudWatch bills a metric by the hours in which it has values, so a healthy stream costs
# its alarms and nothing else. Thresholds are those of `expect` in the source files, which runs compare themselves with.

locals {
  # The function names its metrics so: deployments of one account share no alarm.
  namespace  = "Bronzegate/${var.name}"
  topic_arn  = var.alarm_topic_arn == null ? aws_sns_topic.alarms[0].arn : var.alarm_topic_arn
  dimensions = { for id, stream in local.streams : id => { Source = stream.source, Stream = stream.stream, Environment = var.environment } }

  health = {
    # The watch looks once an hour: the alarm holds until the look after the next has nothing to tell.
    missed   = { metric = "Missed", period = 3600, periods = 2, says = "A run of the stream is missing", of = local.scheduled }
    breaches = { metric = "Breaches", period = 300, periods = 1, says = "A run of the stream is outside of what its source file expects", of = local.streams }
  }
  health_alarms = merge([
    for kind, alarm in local.health : { for id in keys(alarm.of) : "${id}.${kind}" => merge(alarm, { id = id, of = null }) if var.alarms.streams && (kind != "missed" || var.schedules.enabled) }
  ]...)
}

resource "aws_cloudwatch_metric_alarm" "health" {
  for_each = local.health_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.says}: ${each.value.id}. `bronzegate runs` tells more."
  namespace           = local.namespace
  metric_name         = each.value.metric
  dimensions          = local.dimensions[each.value.id]
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = each.value.period
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = 1
  treat_missing_data  = "notBreaching"
  actions_enabled     = var.alarms.actions_enabled
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${var.name}-dead-letters"
  alarm_description   = "A schedule could not start a run, or an invocation failed permanently: the event is in the dead-letter queue."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  actions_enabled     = var.alarms.actions_enabled
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "workflow" {
  alarm_name          = "${var.name}-ExecutionsFailed"
  alarm_description   = "An execution of the state machine failed: a run, or a backfill with failed windows. The topic has a message that names it."
  namespace           = "AWS/States"
  metric_name         = "ExecutionsFailed"
  dimensions          = { StateMachineArn = aws_sfn_state_machine.run.arn }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  actions_enabled     = var.alarms.actions_enabled
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]
  tags                = var.tags
}

# Each execution that ends without success is a message with its event, and so its streams, and with the error.
resource "aws_cloudwatch_event_rule" "failed" {
  name        = "${var.name}-failed"
  description = "Executions of ${var.name} that ended without success."
  state       = var.alarms.actions_enabled ? "ENABLED" : "DISABLED"
  tags        = var.tags

  event_pattern = jsonencode({
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail = {
      stateMachineArn = [local.workflow_arn]
      status          = ["FAILED", "TIMED_OUT", "ABORTED"]
    }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule = aws_cloudwatch_event_rule.failed.name
  arn  = local.topic_arn

  input_transformer {
    input_paths = {
      status    = "$.detail.status"
      event     = "$.detail.input"
      error     = "$.detail.error"
      cause     = "$.detail.cause"
      execution = "$.detail.executionArn"
    }
    # Without quotes around them, EventBridge writes the values as JSON texts, whatever they hold.
    input_template = join("", [
      "{\"deployment\":\"${var.name}\",\"environment\":\"${var.environment}\",\"status\":<status>,\"event\":<event>,",
      "\"error\":<error>,\"cause\":<cause>,\"execution\":<execution>}",
    ])
  }
  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }
}
