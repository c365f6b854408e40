variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-central-1"
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

variable "bucket" {
  description = "Name of the bronze bucket, which is created; names are unique in the whole of AWS."
  type        = string
}

variable "sources_path" {
  description = "Folder of the source files."
  type        = string
  default     = "../../../sources"
}

variable "package" {
  description = "The function's zip, as `make package-aws` builds it."
  type        = string
  default     = "../../../target/package/bronzegate-aws.zip"
}

variable "architecture" {
  description = "Processor that the package is built for: arm64 or x86_64."
  type        = string
  default     = "x86_64"
}

variable "workflow" {
  description = "Settings of the state machine, as the module has them."
  type        = any
  default     = {}
}

variable "force_destroy" {
  description = "Whether `terraform destroy` removes a bucket with objects in it: for trials only."
  type        = bool
  default     = false
}

variable "tables" {
  description = "Where Delta tables are, as the module has it: null = none, {} = beside bronze in the same bucket."
  type = object({
    bucket = optional(string)
    create = optional(bool, true)
    prefix = optional(string, "tables")
  })
  default = null
}

variable "databricks" {
  description = "A workspace of Databricks, as the module has it; null = none."
  type = object({
    host         = string
    client_id    = string
    secret       = optional(string, "databricks-client-secret")
    schema       = optional(string)
    warehouse_id = optional(string)
    files        = optional(string)
  })
  default = null
}
