terraform {
  required_version = ">= 1.9"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.55"
    }
  }
}

provider "azurerm" {
  subscription_id = var.subscription_id
  # The accounts have no shared keys: what Terraform does in them, it does as who is signed in.
  storage_use_azuread = true

  features {}
}

resource "azurerm_resource_group" "bronzegate" {
  name     = var.resource_group_name
  location = var.location
  tags     = local.tags
}

locals {
  tags = { application = var.name, environment = var.environment }
}

module "bronzegate" {
  source = "../../modules/azure"

  name                = var.name
  resource_group_name = azurerm_resource_group.bronzegate.name
  location            = azurerm_resource_group.bronzegate.location
  environment         = var.environment
  sources_path        = var.sources_path
  package             = var.package
  plan                = var.plan
  bronze              = var.bronze
  tables              = var.tables
  databricks          = var.databricks
  key_vault           = { purge_protection = !var.force_destroy }
  function            = var.function
  network             = var.network
  logs                = var.logs
  thresholds          = var.thresholds
  alert_emails        = var.alert_emails
  tags                = local.tags
}
