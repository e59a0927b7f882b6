package dashboard

import (
	"strings"

	"github.com/propusk/propusk/login/page"
)

// spring is the configuration of Spring Boot's OAuth2 client. It sends PKCE for apps with a secret only
// when it is told to, and it waits for the answer under a path of its own unless it is told another.
func (s snippets) spring() []page.SnippetFile {
	method, grant := "client_secret_basic", "authorization_code"
	switch {
	case s.Public:
		method = "none"
	case s.Post:
		method = "client_secret_post"
	}
	if s.Service {
		grant = "client_credentials"
	}
	files := []page.SnippetFile{
		{Name: "build.gradle", Text: "implementation 'org.springframework.boot:spring-boot-starter-oauth2-client'\nimplementation 'org.springframework.boot:spring-boot-starter-web'\n"},
		{Name: "application.yml", Text: fill(springYAML,
			"issuer", quoted(s.Issuer), "id", quoted(s.ID), "method", method, "grant", grant, "scopes", quotedList(s.Scopes),
			"secret", when(!s.Public, "\n            client-secret: ${OIDC_CLIENT_SECRET}"),
			"redirect", when(!s.Service, "\n            redirect-uri: "+quoted(s.Redirect)),
			"server", when(!s.Service, "server:\n  port: "+s.Port+"\n"),
		)},
	}
	if s.Service {
		return files
	}
	return append(files, page.SnippetFile{Name: "SecurityConfig.java", Text: fill(springJava, "path", quoted(strings.TrimSuffix(s.Path, "/")+when(s.Path == "/", "/")))})
}

const springYAML = `
«server»spring:
  security:
    oauth2:
      client:
        registration:
          propusk:
            client-id: «id»«secret»
            client-authentication-method: «method»
            authorization-grant-type: «grant»«redirect»
            scope: [«scopes»]
        provider:
          propusk:
            issuer-uri: «issuer»
`

const springJava = `
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.DefaultOAuth2AuthorizationRequestResolver;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestCustomizers;
import org.springframework.security.web.SecurityFilterChain;

@Configuration
class SecurityConfig {
    @Bean
    SecurityFilterChain security(HttpSecurity http, ClientRegistrationRepository clients) throws Exception {
        var requests = new DefaultOAuth2AuthorizationRequestResolver(clients, "/oauth2/authorization");
        requests.setAuthorizationRequestCustomizer(OAuth2AuthorizationRequestCustomizers.withPkce());
        return http
            .authorizeHttpRequests(any -> any.anyRequest().authenticated())
            .oauth2Login(login -> login
                .authorizationEndpoint(e -> e.authorizationRequestResolver(requests))
                .redirectionEndpoint(e -> e.baseUri(«path»)))
            .build();
    }
}
`
