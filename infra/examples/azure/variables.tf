variable "subscription_id" {
  description = "Azure subscription to deploy into."
  type        = string
}

variable "resource_group_name" {
  description = "Resource group, which is created."
  type        = string
  default     = "bronzegate"
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
