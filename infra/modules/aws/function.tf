resource "aws_cloudwatch_log_group" "function" {
  #checkov:skip=CKV_AWS_158: encrypted by the service; with a key where logs.kms_key_arn is given
  #checkov:skip=CKV_AWS_338: a year by default; the owner may choose less
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.logs.retention_days
  kms_key_id        = var.logs.kms_key_arn
  tags              = var.tags
}

resource "aws_lambda_function" "run" {
  #checkov:skip=CKV_AWS_117: it calls public APIs and AWS's own; a VPC would only add a NAT
  #checkov:skip=CKV_AWS_50: X-Ray where function.tracing is on
  #checkov:skip=CKV_AWS_115: concurrency is reserved where function.reserved_concurrency is set
  #checkov:skip=CKV_AWS_173: the variables hold names and addresses, never a secret
  #checkov:skip=CKV_AWS_272: code signing needs a signing profile of the account's own
  function_name                  = var.name
  description                    = "Ingests REST APIs into bronze, as sources/*.yaml say."
  role                           = aws_iam_role.function.arn
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = [var.architecture]
  filename                       = var.package
  source_code_hash               = filebase64sha256(var.package)
  memory_size                    = var.function.memory_mib
  timeout                        = var.function.timeout_seconds
  reserved_concurrent_executions = var.function.reserved_concurrency
  tags                           = var.tags

  environment {
    variables = merge(
      {
        BRONZEGATE_TARGET      = "s3://${var.bucket.name}${var.bucket.prefix == "" ? "" : "/${var.bucket.prefix}"}"
        BRONZEGATE_SECRETS     = local.has_scope ? "databricks:${var.databricks.secret_scope}" : "aws-secretsmanager${var.secret_prefix == "" ? "" : ":${var.secret_prefix}"}"
        BRONZEGATE_ENVIRONMENT = var.environment
        BRONZEGATE_SOURCES     = "./sources"
        BRONZEGATE_LOG         = var.function.log
      },
      var.kms_key_arn == null ? {} : { BRONZEGATE_KMS_KEY = var.kms_key_arn },
      local.table_variables,
    )
  }

  tracing_config {
    mode = var.function.tracing ? "Active" : "PassThrough"
  }
  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function.name
  }
  dead_letter_config {
    target_arn = aws_sqs_queue.dead_letters.arn
  }

  lifecycle {
    precondition {
      condition     = !local.has_scope || length(module.sources.rotating_secrets) == 0
      error_message = "a scope of Databricks is only read, and these refresh tokens are written back: ${join(", ", module.sources.rotating_secrets)}"
    }
  }

  # Without its permissions the first invocation fails; without its log group Lambda makes one that never expires.
  depends_on = [aws_iam_role_policy.function]
}

# Invocations without an answer (asynchronous ones), and starts that a schedule could not make.
resource "aws_sqs_queue" "dead_letters" {
  name                      = "${var.name}-dead-letters"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

data "aws_iam_policy_document" "dead_letters" {
  statement {
    sid       = "Schedules"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead_letters.arn]

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
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.dead_letters.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.id
  policy    = data.aws_iam_policy_document.dead_letters.json
}
