//! From a setting to what it names: what the core opens by itself, and else the cloud that serves its form.

use std::fmt;
use std::sync::Arc;

use super::cloud::{Cloud, Form};
use super::place::Place;
use super::setting::{LookUp, Setting};
use super::tables_place::TablesPlace;
use crate::bronze::{BronzeStore, Tables};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::secret::{EnvSecrets, FileSecrets, SecretStore};
use crate::signer::RequestSigner;

/// The clouds that a program is built with, and what each of them is made with.
#[derive(Clone)]
pub struct Clouds {
    look_up: LookUp,
    clock: Arc<dyn Clock>,
    entries: Vec<Arc<dyn Cloud>>,
    folder_tables: Option<FolderTables>,
    note: Option<String>,
}

/// Makes the root of tables in a place out of its store. Nothing is read or written yet.
pub type FolderTables = fn(Arc<dyn BronzeStore>, Arc<dyn Clock>) -> Arc<dyn Tables>;

impl Clouds {
    /// No cloud: folders, environment variables and files alone.
    pub fn new(
        look_up: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { look_up: Arc::new(look_up), clock, entries: Vec::new(), folder_tables: None, note: None }
    }

    /// Adds a cloud's entry.
    #[must_use]
    pub fn with<C: Cloud + 'static>(mut self, entry: impl FnOnce(LookUp, Arc<dyn Clock>) -> C) -> Self {
        self.entries.push(Arc::new(entry(self.look_up.clone(), self.clock.clone())));
        self
    }

    /// Adds who makes tables in a place: a folder of this machine, or one of a cloud.
    #[must_use]
    pub fn with_folder_tables(mut self, folder_tables: FolderTables) -> Self {
        self.folder_tables = Some(folder_tables);
        self
    }

    /// Adds what somebody should know who names something that none of the clouds serves: which program this
    /// is, or what it was built without.
    #[must_use]
    pub fn noting(mut self, note: &str) -> Self {
        let before = self.note.take().map(|note| note + "; ").unwrap_or_default();
        self.note = Some(before + note);
        self
    }

    /// The look-up of variables.
    pub fn look_up(&self) -> &LookUp {
        &self.look_up
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The place that a setting names. Nothing is opened, and no cloud connected.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) for an empty text, and for a URL that none of
    /// the clouds serves.
    pub fn place(&self, setting: Setting) -> Result<Place> {
        if setting.text.is_empty() {
            return Err(setting.wrong("it is empty"));
        }
        let serves = |cloud: &&Arc<dyn Cloud>| {
            setting.rest().is_some() && cloud.places().iter().any(|form| form.word == setting.word())
        };
        // A folder of that name would be made, and nobody would look there.
        let is_something_else = |cloud: &Arc<dyn Cloud>| {
            let mut forms = cloud.tables().iter().chain(cloud.vaults());
            setting.rest().is_some() && forms.any(|form| form.word == setting.word())
        };
        match self.entries.iter().find(serves).cloned() {
            None if setting.text.contains("://") || self.entries.iter().any(is_something_else) => {
                Err(self.unknown_place(&setting))
            }
            cloud => Ok(Place::new(setting, cloud)),
        }
    }

    /// The root of tables that a setting names. Nothing is opened, and no cloud connected.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) as of [`place`](Self::place), and where this program
    /// writes no tables there.
    pub fn tables(&self, setting: Setting) -> Result<TablesPlace> {
        let serves = |cloud: &&Arc<dyn Cloud>| {
            setting.rest().is_some() && cloud.tables().iter().any(|form| form.word == setting.word())
        };
        if let Some(cloud) = self.entries.iter().find(serves).cloned() {
            return Ok(TablesPlace::of_cloud(setting, cloud));
        }
        let forms = || self.entries.iter().flat_map(|cloud| cloud.tables()).map(|form| form.example);
        if let Some((word, _)) = setting.text.split_once(':').filter(|(_, rest)| !rest.starts_with("//")) {
            let forms: Vec<_> = std::iter::once("a folder").chain(forms()).map(str::to_owned).collect();
            if word.len() > 1 && !word.contains(['/', '.']) {
                return Err(setting.wrong(&self.instead(forms, Vec::new())));
            }
        }
        let Some(folder_tables) = self.folder_tables else {
            return Err(setting.wrong("this program is built without tables in folders (feature `delta`)"));
        };
        Ok(TablesPlace::of_place(self.place(setting)?, folder_tables, self.clock.clone()))
    }

    /// Opens the vault that a setting names; nothing is read from it yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when it has none of the forms, or as
    /// [`Cloud::open_vault`].
    pub async fn open_vault(&self, setting: &Setting) -> Result<Arc<dyn SecretStore>> {
        match (setting.word(), setting.rest()) {
            ("env", None) => {
                let look_up = self.look_up.clone();
                Ok(Arc::new(EnvSecrets::new(move |name| look_up(name))))
            }
            ("file", Some(path)) if !path.is_empty() => {
                let store = FileSecrets::new(path);
                if let Some(warning) = store.exposure() {
                    tracing::warn!("{warning}");
                }
                Ok(Arc::new(store))
            }
            (word, _) => {
                let serves = |cloud: &&Arc<dyn Cloud>| cloud.vaults().iter().any(|form| form.word == word);
                let cloud = self.entries.iter().find(serves).ok_or_else(|| self.unknown_vault(setting))?;
                cloud.open_vault(setting).await
            }
        }
    }

    /// What signs requests with the platform's own identity, where one of the clouds does.
    pub fn signer(&self) -> Option<Arc<dyn RequestSigner>> {
        self.entries.iter().find_map(|cloud| cloud.signer())
    }

    fn unknown_place(&self, setting: &Setting) -> Error {
        let forms = self.entries.iter().flat_map(|cloud| cloud.places());
        let own = vec!["a folder".to_owned()];
        // A program of one cloud has room for its forms in full.
        let clouds = match self.note {
            Some(_) => forms.map(|form| form.example.to_owned()).collect(),
            None => forms.map(Form::beginning).collect(),
        };
        setting.wrong(&self.instead(own, clouds))
    }

    fn unknown_vault(&self, setting: &Setting) -> Error {
        let forms = self.entries.iter().flat_map(|cloud| cloud.vaults());
        let own = ["env", "file:<path>"].map(str::to_owned).to_vec();
        setting.wrong(&self.instead(own, forms.map(|form| form.example.to_owned()).collect()))
    }

    /// What can be written instead; where there is a note, the clouds' forms stand directly after it.
    fn instead(&self, own: Vec<String>, clouds: Vec<String>) -> String {
        match &self.note {
            Some(note) => format!("{note}; it takes {}", any_of(&[clouds, own].concat())),
            None => format!("write {}", any_of(&[own, clouds].concat())),
        }
    }
}

fn any_of(forms: &[String]) -> String {
    match forms {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

impl fmt::Debug for Clouds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clouds").field("entries", &self.entries).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::bronze::LocalStore;
    use crate::clock::SystemClock;
    use crate::error::ErrorKind;
    use crate::secret::Freshness;

    /// A cloud of this machine: its places are folders, its vault a file. It remembers what it was asked for.
    #[derive(Debug)]
    struct Shed {
        asked: Arc<Mutex<Vec<String>>>,
    }

    #[async_trait]
    impl Cloud for Shed {
        fn places(&self) -> &'static [Form] {
            &[Form { word: "shed", example: "shed://<folder>" }, Form { word: "box", example: "box:<name>" }]
        }

        fn vaults(&self) -> &'static [Form] {
            &[Form { word: "shed-keys", example: "shed-keys[:file]" }]
        }

        async fn open_store(&self, place: &Setting) -> Result<Arc<dyn BronzeStore>> {
            self.asked.lock().unwrap().push(place.text.clone());
            Ok(Arc::new(LocalStore::open(place.rest().unwrap().trim_start_matches("//"))?))
        }

        async fn open_vault(&self, vault: &Setting) -> Result<Arc<dyn SecretStore>> {
            self.asked.lock().unwrap().push(vault.text.clone());
            Ok(Arc::new(FileSecrets::new(vault.rest().unwrap_or("keys.json"))))
        }
    }

    fn none() -> Clouds {
        let look_up = |name: &str| (name == "BRONZEGATE_SECRET_TOKEN").then(|| "from-env".to_owned());
        Clouds::new(look_up, Arc::new(SystemClock::default()))
    }

    fn with_shed() -> (Clouds, Arc<Mutex<Vec<String>>>) {
        let asked = Arc::default();
        let shed = Shed { asked: Arc::clone(&asked) };
        (none().with(|_, _| shed), asked)
    }

    fn refused(clouds: &Clouds, text: &str) -> String {
        let error = clouds.place(Setting::new("--target", text)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        error.to_string()
    }

    async fn refused_vault(clouds: &Clouds, text: &str) -> String {
        let error = clouds.open_vault(&Setting::new("--secrets", text)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        error.to_string()
    }

    #[tokio::test]
    async fn a_third_cloud_is_one_entry_for_bronze_source_files_and_secrets() {
        let (clouds, asked) = with_shed();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display();
        let place = clouds.place(Setting::new("--target", format!("shed://{path}"))).unwrap();
        place.open().await.unwrap().put("crm.yaml", "".into()).await.unwrap();
        assert!(place.open_existing().await.unwrap().is_some());
        let sources = clouds.place(Setting::new("--sources", format!("box:{path}"))).unwrap();
        assert_eq!(sources.open_sources().await.unwrap().names().await.unwrap(), ["crm"]);
        std::fs::write(folder.path().join("keys"), r#"{"token": "from-shed"}"#).unwrap();
        let vault = Setting::new("--secrets", format!("shed-keys:{path}/keys"));
        let vault = clouds.open_vault(&vault).await.unwrap();
        assert_eq!(told(&*vault).await, "from-shed");
        clouds.open_vault(&Setting::new("--secrets", "shed-keys")).await.unwrap();
        assert_eq!(asked.lock().unwrap().len(), 5);
    }

    #[tokio::test]
    async fn a_cloud_is_asked_for_nothing_but_its_own_forms() {
        let (clouds, asked) = with_shed();
        let folder = tempfile::tempdir().unwrap();
        // A folder may be called as a cloud's word is.
        for name in ["bronze", "shed", "a:b", "shed-keys"] {
            let place = clouds.place(Setting::new("--target", folder.path().join(name).to_str().unwrap()));
            place.unwrap().open().await.unwrap();
        }
        assert_eq!(
            told(&*clouds.open_vault(&Setting::new("--secrets", "env")).await.unwrap()).await,
            "from-env"
        );
        let file = folder.path().join("secrets.json");
        std::fs::write(&file, r#"{"token": "from-file"}"#).unwrap();
        let file = Setting::new("--secrets", format!("file:{}", file.display()));
        assert_eq!(told(&*clouds.open_vault(&file).await.unwrap()).await, "from-file");
        clouds.place(Setting::new("--target", "shed://never-opened")).unwrap();
        assert!(asked.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_no_cloud_serves_is_refused_with_what_can_be_opened() {
        let (clouds, _) = with_shed();
        insta::assert_snapshot!(refused(&clouds, ""), @"--target ``: it is empty");
        insta::assert_snapshot!(refused(&clouds, "gs://b"),
            @"--target `gs://b`: write a folder, shed://… or box:…");
        insta::assert_snapshot!(refused(&none(), "shed://b"), @"--target `shed://b`: write a folder");
        insta::assert_snapshot!(refused(&clouds, "shed-keys:b"),
            @"--target `shed-keys:b`: write a folder, shed://… or box:…");
        for text in ["", "file:", "file", "env:x", "vault", "databricks:s", "shed"] {
            assert_eq!(
                refused_vault(&clouds, text).await,
                format!("--secrets `{text}`: write env, file:<path> or shed-keys[:file]")
            );
        }
    }

    #[tokio::test]
    async fn a_program_s_note_stands_before_what_it_can_open() {
        let (clouds, _) = with_shed();
        let clouds = clouds.noting("this is the shed's function").noting("it is closed");
        insta::assert_snapshot!(refused(&clouds, "gs://b"),
            @"--target `gs://b`: this is the shed's function; it is closed; it takes shed://<folder>, box:<name> or a folder");
        insta::assert_snapshot!(refused_vault(&clouds, "vault").await,
            @"--secrets `vault`: this is the shed's function; it is closed; it takes shed-keys[:file], env or file:<path>");
    }

    async fn told(vault: &dyn SecretStore) -> String {
        use secrecy::ExposeSecret as _;
        vault.read("token", Freshness::Cached).await.unwrap().expose_secret().to_owned()
    }
}
