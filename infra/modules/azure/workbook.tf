# The same panels as the dashboard on AWS, for the streams and the time that somebody picks.

locals {
  picked_runs = "${local.runs}| where strcat(Source, \".\", Stream) in ({Streams})\n"

  panels = [
    { title = "records", metrics = ["Records"] },
    { title = "duration, ms", metrics = ["DurationMs"] },
    { title = "requests", metrics = ["Requests", "Retries", "ApiErrors"] },
    { title = "runs", metrics = ["RunCompleted", "RunPartial", "RunFailed"] },
  ]
  charts = [
    for panel in local.panels : {
      title = panel.title
      query = join("", [
        local.picked_runs,
        "| summarize ${join(", ", [for metric in panel.metrics : "${metric} = sum(todouble(Run.${metric}))"])}",
        " by bin(TimeGenerated, {Range:grain})",
        length(panel.metrics) == 1 ? ", strcat(Source, \".\", Stream)" : "",
        "\n| order by TimeGenerated asc\n",
      ])
      visualization = "timechart"
      width         = "50"
    }
  ]
  tables = [
    {
      title         = "runs, newest first"
      query         = "${local.picked_runs}| project TimeGenerated, Source, Stream, Status = tostring(Run.status), Error = tostring(Run.error_kind), Records = tolong(Run.Records), DurationMs = tolong(Run.DurationMs), RecordsRatio = todouble(Run.RecordsRatio), DurationRatio = todouble(Run.DurationRatio), ErrorRate = todouble(Run.ErrorRate)\n| order by TimeGenerated desc\n| take 250\n"
      visualization = "table"
      width         = "100"
    },
    {
      title         = "work items that were given up"
      query         = "${local.poison}| order by TimeGenerated desc\n| take 100\n"
      visualization = "table"
      width         = "100"
    },
  ]

  hour = 3600000
  workbook = {
    version             = "Notebook/1.0"
    fallbackResourceIds = [local.workspace_id]
    "$schema"           = "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json"
    items = concat(
      [
        {
          type = 9
          name = "parameters"
          content = {
            version = "KqlParameterItem/1.0"
            style   = "pills"
            parameters = [
              {
                id         = uuidv5("url", "${local.unique_name}/range")
                version    = "KqlParameterItem/1.0"
                name       = "Range"
                label      = "time"
                type       = 4
                isRequired = true
                value      = { durationMs = 7 * 24 * local.hour }
                typeSettings = {
                  selectableValues = [for hours in [4, 24, 7 * 24, 30 * 24, 90 * 24] : { durationMs = hours * local.hour }]
                  allowCustom      = true
                }
              },
              {
                id           = uuidv5("url", "${local.unique_name}/streams")
                version      = "KqlParameterItem/1.0"
                name         = "Streams"
                label        = "streams"
                type         = 2
                isRequired   = true
                multiSelect  = true
                quote        = "'"
                delimiter    = ","
                value        = ["value::all"]
                jsonData     = jsonencode([for id in sort(keys(module.sources.streams)) : { value = id, label = id }])
                typeSettings = { additionalResourceOptions = ["value::all"] }
              },
            ]
          }
        },
      ],
      [
        for panel in concat(local.charts, local.tables) : {
          type        = 3
          name        = panel.title
          customWidth = panel.width
          content = {
            version                  = "KqlItem/1.0"
            title                    = panel.title
            query                    = panel.query
            queryType                = 0
            resourceType             = "microsoft.operationalinsights/workspaces"
            crossComponentResources  = [local.workspace_id]
            timeContextFromParameter = "Range"
            visualization            = panel.visualization
            size                     = 0
          }
        }
      ],
    )
  }
}

resource "azurerm_application_insights_workbook" "streams" {
  name                = uuidv5("url", "${local.unique_name}/streams-workbook")
  resource_group_name = var.resource_group_name
  location            = var.location
  display_name        = var.name
  description         = "What each stream brought, how long it took, how its requests and runs went."
  # Azure keeps it in lower case, and would show a difference for ever.
  source_id = lower(local.workspace_id)
  data_json = jsonencode(local.workbook)
  tags      = var.tags
}
