variable "site" {
  description = "The output `flex_site` of the module `azure`."
  type = object({
    type         = string
    name         = string
    parent_id    = string
    location     = string
    tags         = map(string)
    identity_ids = list(string)
    body         = any
  })
}
