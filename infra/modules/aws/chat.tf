# A channel that shows the alarms. Its role has no policy, and its guardrail denies everything: nobody acts from there.

data "aws_iam_policy_document" "chat_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["chatbot.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "chat" {
  count = var.alarms.slack == null ? 0 : 1

  name                 = "${var.name}-chat"
  path                 = var.roles.path
  permissions_boundary = var.roles.permissions_boundary
  assume_role_policy   = data.aws_iam_policy_document.chat_assume.json
  tags                 = var.tags
}

resource "aws_chatbot_slack_channel_configuration" "alarms" {
  count = var.alarms.slack == null ? 0 : 1

  configuration_name    = var.name
  slack_team_id         = var.alarms.slack.team_id
  slack_channel_id      = var.alarms.slack.channel_id
  iam_role_arn          = aws_iam_role.chat[0].arn
  guardrail_policy_arns = ["arn:${local.partition}:iam::aws:policy/AWSDenyAll"]
  sns_topic_arns        = [local.topic_arn]
  tags                  = var.tags
}
