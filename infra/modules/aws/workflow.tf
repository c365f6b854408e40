# The state machine that runs an event until it is whole, and a backfill as many windows at once.

locals {
  # What each window did must fit into 256 KiB, at about 160 bytes a window while the failed ones are counted.
  max_windows = 1500

  retry = [
    # They would fail again.
    {
      ErrorEquals = ["config", "auth", "data"]
      MaxAttempts = 0
    },
    # About half an hour, whatever the intervals of what follows.
    {
      ErrorEquals     = ["Lambda.TooManyRequestsException", "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.ClientExecutionTimeoutException"]
      IntervalSeconds = 2
      MaxAttempts     = 64
      BackoffRate     = 2
      MaxDelaySeconds = 60
      JitterStrategy  = "FULL"
    },
    # Everything else: `api`, `store`, `interrupted` and `transient`, and the function's end without an answer.
    {
      ErrorEquals     = ["States.ALL"]
      IntervalSeconds = var.workflow.retry_interval_seconds
      MaxAttempts     = var.workflow.retry_attempts
      BackoffRate     = var.workflow.retry_backoff
    },
  ]

  run_values = {
    partition = local.partition
    # The version: what runs already continues with the code that it began with.
    function     = aws_lambda_function.run.qualified_arn
    timeout      = var.function.timeout_seconds + 60
    retry        = jsonencode(local.retry)
    max_segments = var.workflow.max_segments
    pause        = var.workflow.pause_seconds
  }
  definition = templatefile("${path.module}/workflow.asl.json.tftpl", merge(local.run_values, {
    concurrency = var.workflow.backfill_concurrency
    max_windows = local.max_windows
    run = templatefile("${path.module}/workflow-run.asl.json.tftpl", merge(local.run_values, {
      failed = "", exhausted = "TooManySegments", done = "Done"
    }))
    run_window = templatefile("${path.module}/workflow-run.asl.json.tftpl", merge(local.run_values, {
      failed = "Failed", exhausted = "Exhausted", done = "Row"
    }))
  }))

  workflow_arn = "arn:${local.partition}:states:${local.region}:${local.account}:stateMachine:${var.name}"
}

resource "aws_cloudwatch_log_group" "workflow" {
  #checkov:skip=CKV_AWS_158: encrypted by the service; with a key where logs.kms_key_arn is given
  #checkov:skip=CKV_AWS_338: a year by default; the owner may choose less
  count = var.logs.workflow_group == null ? 1 : 0

  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.logs.retention_days
  kms_key_id        = var.logs.kms_key_arn
  tags              = var.tags
}

resource "aws_sfn_state_machine" "run" {
  #checkov:skip=CKV_AWS_284: X-Ray where function.tracing is on
  name       = var.name
  type       = "STANDARD"
  role_arn   = local.roles.workflow
  definition = local.definition
  tags       = var.tags

  logging_configuration {
    level                  = "ERROR"
    include_execution_data = true
    log_destination        = "${local.log_groups.workflow.arn}:*"
  }
  tracing_configuration {
    enabled = var.function.tracing
  }

  depends_on = [aws_iam_role_policy.workflow]
}

data "aws_iam_policy_document" "workflow_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "workflow" {
  #checkov:skip=CKV_AWS_111: log delivery and X-Ray name no resource
  #checkov:skip=CKV_AWS_356: log delivery and X-Ray name no resource
  statement {
    sid       = "Invoke"
    actions   = ["lambda:InvokeFunction"]
    resources = ["${aws_lambda_function.run.arn}:*"]
  }
  # A Distributed Map runs each window as an execution of its own.
  statement {
    sid       = "Windows"
    actions   = ["states:StartExecution"]
    resources = [local.workflow_arn]
  }
  statement {
    sid       = "FollowWindows"
    actions   = ["states:DescribeExecution", "states:StopExecution"]
    resources = ["${replace(local.workflow_arn, ":stateMachine:", ":execution:")}/*"]
  }
  # Log delivery names no resource: AWS takes only `*`.
  statement {
    sid = "Log"
    actions = [
      "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries",
      "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
    ]
    resources = ["*"]
  }
  dynamic "statement" {
    for_each = var.function.tracing ? [1] : []

    # X-Ray names no resource either.
    content {
      sid       = "Trace"
      actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role" "workflow" {
  count = var.roles.existing.workflow == null ? 1 : 0

  name                 = "${var.name}-workflow"
  path                 = var.roles.path
  permissions_boundary = var.roles.permissions_boundary
  assume_role_policy   = data.aws_iam_policy_document.workflow_assume.json
  tags                 = var.tags
}

resource "aws_iam_role_policy" "workflow" {
  count = var.roles.existing.workflow == null ? 1 : 0

  name   = "run"
  role   = aws_iam_role.workflow[0].id
  policy = data.aws_iam_policy_document.workflow.json
}
