variable "path" {
  description = "Folder of the source files (`*.yaml`)."
  type        = string
}
