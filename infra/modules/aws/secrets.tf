# Secrets are not Terraform's: a value set here would be in the state, and a source that is renamed would take its
# credential with it. The output `secret_commands` says how each is put in.

locals {
  # The prefix may be an ARN itself: then the secrets are another account's.
  secret_base = startswith(var.secret_prefix, "arn:") ? "" : "arn:${local.partition}:secretsmanager:${local.region}:${local.account}:secret:"
  # Secrets Manager ends each ARN with a hyphen and six characters of its own.
  secret_arns = { for name in local.secrets : name => "${local.secret_base}${var.secret_prefix}${name}-??????" }

  databricks_arn = var.databricks == null ? [] : ["${local.secret_base}${local.databricks_secret}-??????"]
  read_secrets   = var.secret_prefix != "" && !local.has_scope ? ["${local.secret_base}${var.secret_prefix}*"] : concat(values(local.secret_arns), local.databricks_arn)

  # Singly while the policy has room for them.
  rotated_arns    = [for name in sort(local.rotating_secrets) : local.secret_arns[name]]
  written_secrets = length(local.rotated_arns) <= 40 || var.secret_prefix == "" ? local.rotated_arns : ["${local.secret_base}${var.secret_prefix}*"]

  secret_ids = merge({ for name in local.secrets : name => "${var.secret_prefix}${name}" }, var.databricks == null ? {} : { (var.databricks.secret) = local.databricks_secret })
  # In every state of the secret: not there, there, or deleted and within its recovery window. Of another account's secrets
  # its owner runs them.
  secret_commands = {
    for name, id in { for name, id in local.secret_ids : name => replace(id, "/^arn:.*:secret:/", "") } : name => join(" ", compact([
      "aws secretsmanager restore-secret --secret-id ${id} 2> /dev/null;",
      "aws secretsmanager put-secret-value --secret-id ${id} --secret-string file://<file> ||",
      "aws secretsmanager create-secret --name ${id} ${var.kms_key_arn == null ? "" : "--kms-key-id ${var.kms_key_arn} "}--secret-string file://<file>",
    ]))
  }
}

# Earlier versions made them. They stay as they are, with their values.
removed {
  from = aws_secretsmanager_secret.source

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_secretsmanager_secret.databricks

  lifecycle {
    destroy = false
  }
}
