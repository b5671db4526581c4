//! The city's identity provider as an OpenID Connect client sees it. Its description is fetched when it is first needed and
//! again every hour; while it is away, only signing in fails.
use crate::settings::Settings;
use anyhow::{Context as _, bail};
use bildung_chassis::{Clock, config, token};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use openidconnect::{
    AsyncHttpClient, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier,
    PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RefreshToken, RequestTokenError, Scope, TokenResponse as _,
    core::{CoreClient, CoreErrorResponseType, CoreIdToken, CoreResponseType, CoreTokenResponse},
};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

const DESCRIPTION_KEPT: SignedDuration = SignedDuration::from_hours(1);
/// An issuer that does not say how long its tokens live is asked again after this.
const UNSAID_LIFETIME: Duration = Duration::from_mins(5);

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// The identity provider.
pub(crate) struct Issuer {
    url: IssuerUrl,
    origin: String,
    client_id: ClientId,
    secret: Option<SecretString>,
    scopes: Vec<Scope>,
    callback: RedirectUrl,
    home: Url,
    http: Http,
    clock: Clock,
    description: Mutex<Option<(Timestamp, ProviderMetadataWithLogout)>>,
}

/// Where to send the browser, and what to remember until it comes back.
pub(super) struct Departure {
    pub(super) address: Url,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

/// Tokens of one person.
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: Option<String>,
    pub(super) id: String,
    pub(super) ends_at: Timestamp,
}

/// Who came back, with their tokens.
pub(super) struct Arrival {
    pub(super) name: String,
    pub(super) tokens: Tokens,
}

/// What came of refreshing a token.
pub(super) enum Refreshed {
    Renewed(Tokens),
    Refused,
}

impl Issuer {
    /// An issuer; asks it nothing yet.
    pub(crate) fn new(issuer: &str, settings: &Settings, clock: Clock) -> anyhow::Result<Self> {
        let url = Url::parse(issuer).context("identity.issuer is not an address")?;
        let callback = settings.public_url.join("/sign-in/callback").context("gateway.public_url is not an address")?;
        let secret = settings.sign_in.client_secret_file.as_deref().map(config::read_secret).transpose()?;
        Ok(Self {
            url: IssuerUrl::new(issuer.to_owned())?,
            origin: url.origin().ascii_serialization(),
            client_id: ClientId::new(settings.sign_in.client_id.clone()),
            secret,
            scopes: settings.sign_in.scopes.iter().cloned().map(Scope::new).collect(),
            callback: RedirectUrl::from_url(callback),
            home: settings.public_url.clone(),
            http: Http(token::http_client()?),
            clock,
            description: Mutex::new(None),
        })
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Begins a sign-in.
    pub(super) async fn depart(&self) -> anyhow::Result<Departure> {
        let client = self.client().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (address, state, nonce) = client
            .authorize_url(AuthenticationFlow::<CoreResponseType>::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(self.scopes.iter().cloned())
            .set_pkce_challenge(challenge)
            .url();
        Ok(Departure { address, state: state.into_secret(), nonce: nonce.secret().clone(), verifier: verifier.into_secret() })
    }

    /// Ends a sign-in: exchanges the code and checks the identity token, its nonce included.
    pub(super) async fn arrive(&self, code: String, nonce: String, verifier: String) -> anyhow::Result<Arrival> {
        let client = self.client().await?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&self.http)
            .await
            .map_err(without_body)?;
        let id_token = answer.id_token().context("the issuer sent no identity token")?;
        let claims = id_token.claims(&client.id_token_verifier(), &Nonce::new(nonce)).context("the identity token is not to be trusted")?;
        let name = claims
            .name()
            .and_then(|names| names.get(None))
            .map(|name| name.as_str().to_owned())
            .or_else(|| claims.preferred_username().map(|name| name.as_str().to_owned()))
            .unwrap_or_else(|| claims.subject().as_str().to_owned());
        let tokens = self.tokens(&answer);
        Ok(Arrival { name, tokens })
    }

    /// Renews an access token.
    pub(super) async fn refresh(&self, refresh_token: &str) -> anyhow::Result<Refreshed> {
        let client = self.client().await?;
        match client.exchange_refresh_token(&RefreshToken::new(refresh_token.to_owned()))?.request_async(&self.http).await {
            Ok(answer) => Ok(Refreshed::Renewed(self.tokens(&answer))),
            Err(RequestTokenError::ServerResponse(answer)) if *answer.error() == CoreErrorResponseType::InvalidGrant => {
                Ok(Refreshed::Refused)
            }
            Err(error) => Err(without_body(error)),
        }
    }

    /// Where to send a browser that signed out here, if the issuer has such a place.
    pub(super) async fn farewell(&self, id_token: &str) -> Option<Url> {
        let description = self.description().await.ok()?;
        let address = description.additional_metadata().end_session_endpoint.clone()?;
        let mut request = LogoutRequest::from(address)
            .set_client_id(self.client_id.clone())
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::from_url(self.home.clone()));
        if let Ok(id_token) = id_token.parse::<CoreIdToken>() {
            request = request.set_id_token_hint(&id_token);
        }
        Some(request.http_get_url())
    }

    fn tokens(&self, answer: &CoreTokenResponse) -> Tokens {
        let lifetime = answer.expires_in().unwrap_or(UNSAID_LIFETIME);
        Tokens {
            access: answer.access_token().secret().clone(),
            refresh: answer.refresh_token().map(|token| token.secret().clone()),
            id: answer.id_token().map(ToString::to_string).unwrap_or_default(),
            ends_at: self.clock.now() + SignedDuration::try_from(lifetime).unwrap_or(DESCRIPTION_KEPT),
        }
    }

    async fn client(&self) -> anyhow::Result<Client> {
        let description = self.description().await?;
        let secret = self.secret.as_ref().map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        Ok(CoreClient::from_provider_metadata(description, self.client_id.clone(), secret).set_redirect_uri(self.callback.clone()))
    }

    async fn description(&self) -> anyhow::Result<ProviderMetadataWithLogout> {
        let mut kept = self.description.lock().await;
        let now = self.clock.now();
        if let Some((fetched_at, description)) = &*kept
            && now.duration_since(*fetched_at) < DESCRIPTION_KEPT
        {
            return Ok(description.clone());
        }
        match ProviderMetadataWithLogout::discover_async(self.url.clone(), &self.http).await {
            Ok(description) => {
                *kept = Some((now, description.clone()));
                Ok(description)
            }
            Err(error) => bail!("the issuer does not describe itself: {error}"),
        }
    }
}

/// The chassis's HTTP client as `openidconnect` wants it.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = BoxFuture<'c, Result<HttpResponse, reqwest::Error>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let response = self.0.execute(request.try_into()?).await?;
            let mut answer = HttpResponse::new(Vec::new());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = response.headers().clone();
            *answer.body_mut() = response.bytes().await?.to_vec();
            Ok(answer)
        })
    }
}

/// The body of a token answer must not get into a log, so only the kind of the failure is kept.
fn without_body<E, T>(error: RequestTokenError<E, T>) -> anyhow::Error
where
    E: std::error::Error + 'static,
    T: openidconnect::ErrorResponse + 'static,
{
    match error {
        RequestTokenError::ServerResponse(answer) => anyhow::anyhow!("the issuer refused: {answer:?}"),
        RequestTokenError::Request(error) => anyhow::anyhow!("the issuer did not answer: {error}"),
        RequestTokenError::Parse(error, _) => anyhow::anyhow!("the issuer's answer cannot be read at {}", error.path()),
        RequestTokenError::Other(text) => anyhow::anyhow!("{text}"),
    }
}
