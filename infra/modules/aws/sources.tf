# What the source files say, as the other files need it.

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  account   = data.aws_caller_identity.current.account_id

  sources   = module.sources.names
  streams   = module.sources.streams
  scheduled = module.sources.scheduled

  secrets          = module.sources.secrets
  rotating_secrets = module.sources.rotating_secrets

  crons       = module.sources.crons
  groups      = module.sources.groups
  cron_fields = module.sources.cron_fields
  cron_valid  = module.sources.cron_valid
}

module "sources" {
  source = "../sources"

  path = var.sources_path
}
