//! Targets: `abfss://` addresses of OneLake and of ADLS Gen2.

use bronzegate_core::error::{Error, ErrorKind};
use url::Url;

/// Where bronze is: a folder of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    location: String,
    service: Service,
    /// The host of the Blob endpoint.
    host: String,
    container: String,
    folder: String,
}

/// Whose storage it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// Fabric's lake: container is workspace.
    OneLake,
    /// A storage account with hierarchical namespace.
    Adls,
}

/// What a target's text must look like.
const FORMS: &str = "it must have the form abfss://<workspace>@onelake.dfs.fabric.microsoft.com/<lakehouse>/Files/… \
                     or abfss://<container>@<account>.dfs.core.windows.net/…";

/// The clouds' suffixes of storage accounts: public, China, US government.
const ACCOUNTS: [&str; 3] =
    [".dfs.core.windows.net", ".dfs.core.chinacloudapi.cn", ".dfs.core.usgovcloudapi.net"];

const ONELAKE: &str = "onelake.dfs.fabric.microsoft.com";

impl Target {
    /// Reads `abfss://<workspace>@onelake.dfs.fabric.microsoft.com/<lakehouse>/Files/…`, also with a
    /// region before the host, or `abfss://<container>@<account>.dfs.core.windows.net/…`. The path is
    /// taken as it stands, without percent-decoding.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when it is neither, and when a OneLake target mixes names and GUIDs.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refused =
            |why: &str| Error::new(ErrorKind::Config, format!("`{text}` is not a target in Azure: {why}"));
        let rest = text.strip_prefix("abfss://").ok_or_else(|| refused(FORMS))?;
        let (authority, folder) = rest.split_once('/').unwrap_or((rest, ""));
        let (container, host) = authority.split_once('@').ok_or_else(|| refused(FORMS))?;
        let folder = folder.trim_end_matches('/');
        let host = host.to_ascii_lowercase();
        let service = service(&host).ok_or_else(|| refused(FORMS))?;
        if container.is_empty() || container.contains(['?', '#', '%', ':', '\\']) {
            return Err(refused(FORMS));
        }
        if !folder.is_empty() && folder.split('/').any(|name| matches!(name, "" | "." | "..")) {
            return Err(refused("its path has an empty name, `.` or `..`"));
        }
        if service == Service::OneLake {
            check_onelake(container, folder).map_err(refused)?;
        }
        Ok(Self {
            location: text.to_owned(),
            service,
            host: host.replacen(".dfs.", ".blob.", 1),
            container: container.to_owned(),
            folder: folder.to_owned(),
        })
    }

    /// As somebody wrote it.
    pub fn location(&self) -> &str {
        &self.location
    }

    pub(super) fn service(&self) -> Service {
        self.service
    }

    /// The folder under the container, without slashes at its ends.
    pub(super) fn folder(&self) -> &str {
        &self.folder
    }

    /// The container's URL, at the target's own Blob endpoint or at another.
    pub(super) fn container_url(&self, endpoint: Option<Url>) -> Url {
        let own = || format!("https://{}/", self.host).parse().expect("the host is one of a few forms");
        let mut url = endpoint.unwrap_or_else(own);
        url.path_segments_mut().expect("https URLs have a path").pop_if_empty().push(&self.container);
        url
    }
}

fn service(host: &str) -> Option<Service> {
    let plain = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if let Some(region) = host.strip_suffix(ONELAKE) {
        return (region.is_empty() || region.strip_suffix('-').is_some_and(plain))
            .then_some(Service::OneLake);
    }
    ACCOUNTS.iter().any(|suffix| host.strip_suffix(suffix).is_some_and(plain)).then_some(Service::Adls)
}

fn check_onelake(workspace: &str, folder: &str) -> Result<(), &'static str> {
    let mut names = folder.split('/');
    let (item, kind) = (names.next().unwrap_or_default(), names.next());
    match (is_guid(workspace), is_guid(item)) {
        (true, true) => {}
        (true, false) | (false, true) => {
            return Err(
                "workspace and lakehouse are both names or both GUIDs, never mixed: OneLake refuses that",
            );
        }
        (false, false) if item.contains('.') => {}
        (false, false) => return Err("a lakehouse by name has its type after it: <name>.Lakehouse"),
    }
    if kind == Some("Files") {
        Ok(())
    } else {
        Err("in a lakehouse, files are under Files: <lakehouse>/Files/…")
    }
}

/// Whether it is written as 8-4-4-4-12 hexadecimal digits.
fn is_guid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.concat().bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

    #[test]
    fn targets_become_blob_endpoints() {
        let cases = [
            (
                "abfss://Sales@onelake.dfs.fabric.microsoft.com/Sales.Lakehouse/Files/bronze/",
                "https://onelake.blob.fabric.microsoft.com/Sales",
                "Sales.Lakehouse/Files/bronze",
            ),
            (
                "abfss://My Team@westeurope-onelake.dfs.fabric.microsoft.com/S.Lakehouse/Files",
                "https://westeurope-onelake.blob.fabric.microsoft.com/My%20Team",
                "S.Lakehouse/Files",
            ),
            ("abfss://bronze@acme.dfs.core.windows.net", "https://acme.blob.core.windows.net/bronze", ""),
            (
                "abfss://bronze@ACME.dfs.core.windows.net/a b/c%20",
                "https://acme.blob.core.windows.net/bronze",
                "a b/c%20",
            ),
            (
                "abfss://bronze@acme.dfs.core.usgovcloudapi.net/x",
                "https://acme.blob.core.usgovcloudapi.net/bronze",
                "x",
            ),
        ];
        for (text, url, folder) in cases {
            let target = Target::parse(text).unwrap();
            assert_eq!(
                (target.container_url(None).as_str(), target.folder(), target.location()),
                (url, folder, text)
            );
        }
        let target = Target::parse(&format!("abfss://{GUID}@{ONELAKE}/{GUID}/Files")).unwrap();
        let emulator = Url::parse("https://127.0.0.1:10000/devstoreaccount1/").unwrap();
        let expected = format!("https://127.0.0.1:10000/devstoreaccount1/{GUID}");
        assert_eq!(target.container_url(Some(emulator)).as_str(), expected);
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        let cases = [
            ("s3://bucket/x".to_owned(), "must have the form"),
            ("abfss://bronze/x".to_owned(), "must have the form"),
            ("abfss://@acme.dfs.core.windows.net/x".to_owned(), "must have the form"),
            ("abfss://bronze@acme.blob.core.windows.net/x".to_owned(), "must have the form"),
            ("abfss://bronze@evil.example/.dfs.core.windows.net".to_owned(), "must have the form"),
            ("abfss://bronze@a.b.dfs.core.windows.net/x".to_owned(), "must have the form"),
            ("abfss://bronze@acme.dfs.core.windows.net/a//b".to_owned(), "empty name"),
            ("abfss://bronze@acme.dfs.core.windows.net/a/../b".to_owned(), "`..`"),
            (format!("abfss://{GUID}@{ONELAKE}/Sales.Lakehouse/Files"), "never mixed"),
            (format!("abfss://Sales@{ONELAKE}/{GUID}/Files"), "never mixed"),
            (format!("abfss://Sales@{ONELAKE}/Sales/Files"), "<name>.Lakehouse"),
            (format!("abfss://Sales@{ONELAKE}/Sales.Lakehouse/Tables/x"), "under Files"),
            (format!("abfss://Sales@{ONELAKE}"), "<name>.Lakehouse"),
        ];
        for (text, reason) in cases {
            let error = Target::parse(&text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
}
