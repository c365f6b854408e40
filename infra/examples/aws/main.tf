terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region
}

module "bronzegate" {
  source = "../../modules/aws"

  name          = var.name
  environment   = var.environment
  sources_path  = var.sources_path
  package       = var.package
  architecture  = var.architecture
  bucket        = { name = var.bucket, force_destroy = var.force_destroy }
  tables        = var.tables
  databricks    = var.databricks
  secret_prefix = "${var.name}/${var.environment}/"
  workflow      = var.workflow
  tags          = { application = var.name, environment = var.environment }
}
