resource "aws_cloudwatch_log_group" "function" {
  #checkov:skip=CKV_AWS_158: encrypted by the service; with a key where logs.kms_key_arn is given
  #checkov:skip=CKV_AWS_338: a year by default; the owner may choose less
  count = var.logs.function_group == null ? 1 : 0

  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.logs.retention_days
  kms_key_id        = var.logs.kms_key_arn
  tags              = var.tags
}

resource "aws_lambda_function" "run" {
  #checkov:skip=CKV_AWS_117: in a VPC where network is set
  #checkov:skip=CKV_AWS_50: X-Ray where function.tracing is on
  #checkov:skip=CKV_AWS_115: concurrency is reserved where function.reserved_concurrency is set
  #checkov:skip=CKV_AWS_173: the variables hold names and addresses, never a secret
  #checkov:skip=CKV_AWS_272: code signing needs a signing profile of the account's own
  function_name                  = var.name
  description                    = "Ingests REST APIs into bronze, as sources/*.yaml say."
  role                           = local.roles.function
  package_type                   = var.image_uri == null ? "Zip" : "Image"
  runtime                        = var.image_uri == null ? "provided.al2023" : null
  handler                        = var.image_uri == null ? "bootstrap" : null
  architectures                  = [var.architecture]
  image_uri                      = var.image_uri
  filename                       = var.package
  source_code_hash               = var.package == null ? null : filebase64sha256(var.package)
  s3_bucket                      = try(var.package_object.bucket, null)
  s3_key                         = try(var.package_object.key, null)
  s3_object_version              = try(var.package_object.version, null)
  publish                        = true
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
        BRONZEGATE_SOURCES     = coalesce(var.sources_folder, "./sources")
        BRONZEGATE_LOG         = var.function.log
      },
      var.kms_key_arn == null ? {} : { BRONZEGATE_KMS_KEY = var.kms_key_arn },
      length(local.bucket_owners) == 0 ? {} : { BRONZEGATE_BUCKET_OWNERS = join(",", [for bucket, owner in local.bucket_owners : "${bucket}=${owner}"]) },
      { for name, value in { HTTPS_PROXY = try(var.proxy.https, null), HTTP_PROXY = try(var.proxy.http, null), NO_PROXY = try(var.proxy.no_proxy, null) } : name => value if value != null },
      local.table_variables,
    )
  }

  tracing_config {
    mode = var.function.tracing ? "Active" : "PassThrough"
  }
  logging_config {
    log_format = "Text"
    log_group  = local.log_groups.function.name
  }
  dynamic "vpc_config" {
    for_each = var.network == null ? [] : [var.network]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
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
      identifiers = ["scheduler.amazonaws.com", "events.amazonaws.com"]
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
