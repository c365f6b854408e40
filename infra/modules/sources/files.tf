# What the source files say, as the modules of both clouds need it. Nothing is created here.

locals {
  documents = { for file in fileset(var.path, "*.yaml") : trimsuffix(file, ".yaml") => yamldecode(file("${var.path}/${file}")) }

  streams = merge([
    for source, document in local.documents : {
      for stream, settings in document.streams : "${source}.${stream}" => {
        source   = source
        stream   = stream
        schedule = try(settings.schedule, null)
      }
    }
  ]...)

  # Terraform has no recursion: secrets are found in the text of the decoded file, however deep.
  secret_pattern = "\"secret\":\"([^\"]+)\""
  secrets        = toset(flatten([for document in values(local.documents) : regexall(local.secret_pattern, jsonencode(document))]))

  # Only a refresh token is ever written back; the other secrets of such an auth are only read.
  auths = flatten([
    for document in values(local.documents) : concat(
      [try(document.auth, null)],
      [for settings in values(document.streams) : try(settings.auth, null)],
    )
  ])
  rotating_secrets = toset([
    for auth in local.auths : auth.refresh_token.secret
    if try(auth.type, "") == "oauth2_refresh_token" && can(auth.refresh_token.secret)
  ])
}

locals {
  # A stream's own `output` counts before that of its source.
  tables = toset(compact(flatten([
    for document in values(local.documents) : [
      for settings in values(document.streams) : try(settings.output.table, document.output.table, null)
    ]
  ])))
}
