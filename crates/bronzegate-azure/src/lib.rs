//! The Azure door of bronzegate: Key Vault and OneLake/ADLS behind the core's ports, and the Functions handler.
