# Containers only: a value set here would be in the state. Put it in with
# `aws secretsmanager put-secret-value --secret-id <name> --secret-string file://…`.
resource "aws_secretsmanager_secret" "source" {
  #checkov:skip=CKV_AWS_149: encrypted with the given key where kms_key_arn is set, else with the account's own key
  #checkov:skip=CKV2_AWS_57: rotation is the API provider's, or the function's own (OAuth2 refresh tokens)
  for_each = setsubtract(local.secrets, keys(var.existing_secret_arns))

  name                    = "${var.secret_prefix}${each.value}"
  description             = "Credential of a bronzegate source, named ${each.value} in its file."
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.secret_recovery_days
  tags                    = var.tags
}

locals {
  secret_arns = merge(
    { for name, secret in aws_secretsmanager_secret.source : name => secret.arn },
    { for name, arn in var.existing_secret_arns : name => arn if contains(local.secrets, name) },
  )
}
