# What the source files say, as the other files need it.

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  partition = data.aws_partition.current.partition
  # `name` is deprecated from aws 6 on, and `region` is not there before.
  region  = data.aws_region.current.id
  account = data.aws_caller_identity.current.account_id

  sources   = module.sources.names
  streams   = module.sources.streams
  scheduled = module.sources.scheduled

  # Those in a scope of Databricks are kept there.
  has_scope        = try(var.databricks.secret_scope, null) != null
  secrets          = toset([for name in module.sources.secrets : name if !local.has_scope])
  rotating_secrets = toset([for name in module.sources.rotating_secrets : name if !local.has_scope])

  crons       = module.sources.crons
  groups      = module.sources.groups
  cron_fields = module.sources.cron_fields
  cron_valid  = module.sources.cron_valid
}

module "sources" {
  source = "../sources"

  path = var.sources_path
}
