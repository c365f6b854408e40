variable "subscription_id" {
  description = "Azure subscription to deploy into."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", var.subscription_id))
    error_message = "subscription_id must be the subscription's GUID: az account show --query id -o tsv"
  }
}

variable "resource_group_name" {
  description = "Resource group, which is created."
  type        = string
  default     = "bronzegate"

  # The module says the same, but only once the group is made.
  validation {
    condition     = can(regex("^[A-Za-z0-9._()-]{1,89}[A-Za-z0-9_()-]$", var.resource_group_name))
    error_message = "resource_group_name must be a resource group's name: 2 to 90 letters, digits and ._()-, no full stop at the end."
  }
}

variable "location" {
  description = "Azure region."
  type        = string
  default     = "westeurope"
}

variable "name" {
  description = "Name of the deployment."
  type        = string
  default     = "bronzegate"
}

variable "environment" {
  description = "Written into every record as `_environment`."
  type        = string
  default     = "dev"
}

variable "bronze" {
  description = "Where bronze is, as the module has it: {} = a new storage account, { existing_account_id = … }, or { onelake = { workspace = …, lakehouse = … } }."
  type = object({
    account             = optional(string)
    existing_account_id = optional(string)
    container           = optional(string, "bronze")
    create_container    = optional(bool, true)
    folder              = optional(string, "")
    restore_days        = optional(number, 7)
    onelake = optional(object({
      workspace = string
      lakehouse = string
      folder    = optional(string, "bronze")
    }))
  })
  default = {}
}

variable "sources_path" {
  description = "Folder of the source files."
  type        = string
  default     = "../../../sources"
}

variable "package" {
  description = "The function app's zip, as `make package-azure` builds it."
  type        = string
  default     = "../../../target/package/bronzegate-azure.zip"
}

variable "plan" {
  description = "Hosting: flex, consumption or premium."
  type        = string
  default     = "flex"
}

variable "function" {
  description = "Size and limits of the function app, as the module has them: { max_instances = 1 }, for example."
  type        = any
  default     = {}
}

variable "network" {
  description = "Subnets and DNS zones of a private network, as the module has them; null = none."
  type        = any
  default     = null
}

variable "logs" {
  description = "Retention of the logs, or an existing workspace, as the module has them."
  type        = any
  default     = {}
}

variable "thresholds" {
  description = "When an alert goes off, as the module has it."
  type        = any
  default     = {}
}

variable "alert_emails" {
  description = "Addresses that alerts go to."
  type        = set(string)
  default     = []
}

variable "force_destroy" {
  description = "Whether the vault can be purged at once after `terraform destroy`: for trials only."
  type        = bool
  default     = false
}

variable "tables" {
  description = "Where Delta tables are, as the module has it: null = none, {} = beside bronze, or in Tables of the lakehouse that bronze is in."
  type = object({
    container = optional(string)
    folder    = optional(string, "tables")
    onelake = optional(object({
      workspace = string
      lakehouse = string
      schema    = optional(string)
    }))
  })
  default = null
}

variable "databricks" {
  description = "A workspace of Azure Databricks, as the module has it; null = none."
  type = object({
    host         = string
    schema       = optional(string)
    warehouse_id = optional(string)
    files        = optional(string)
  })
  default = null
}
